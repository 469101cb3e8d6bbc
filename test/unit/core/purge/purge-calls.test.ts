import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PurgeCalls, type PurgeOutcome } from '../../../../src/core/purge/purge-calls.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';

let cache: Server;
let core: TestCore;
let calls: PurgeCalls;
let outcomes: PurgeOutcome[];
/** Paths that were called, and what the next calls are answered. */
let called: string[];
let statuses: number[];

beforeEach(async () => {
  called = [];
  statuses = [];
  outcomes = [];
  cache = createServer((request, response) => {
    called.push(`${request.method} ${request.url}`);
    response.writeHead(statuses.shift() ?? 200).end('<html></html>');
  });
  await new Promise<void>((resolve) => cache.listen(0, '127.0.0.1', resolve));
  core = await createTestCore();
  const { outbound, logger } = core;
  const onOutcome = (outcome: PurgeOutcome) => outcomes.push(outcome);
  calls = new PurgeCalls({ outbound, logger, onOutcome, firstRetryMs: 1 });
});

afterEach(async () => {
  await calls.close();
  cache.closeAllConnections();
  await new Promise((resolve) => cache.close(resolve));
});

const urlOf = (path: string) => `http://127.0.0.1:${(cache.address() as AddressInfo).port}${path}`;
const settled = (count: number) => vi.waitFor(() => expect(outcomes).toHaveLength(count));

it('calls each URL, and the same one once while it waits', async () => {
  const first = Array.from({ length: 8 }, (_, index) => urlOf(`/purge/${index}`));
  calls.add([...first, urlOf('/purge/b?x=1'), urlOf('/purge/b?x=1')]);
  await settled(9);
  expect(called.filter((line) => line.includes('b'))).toEqual(['GET /purge/b?x=1']);
  expect(new Set(outcomes)).toEqual(new Set(['purged']));
  expect(calls.waitingCount).toBe(0);
});

it.each([404, 412])('%s says that nothing of that name was kept', async (status) => {
  statuses = [status];
  calls.add([urlOf('/purge/a')]);
  await settled(1);
  expect(outcomes).toEqual(['absent']);
});

it('tries again when the cache fails', async () => {
  statuses = [500, 502];
  calls.add([urlOf('/purge/a')]);
  await settled(1);
  expect(called).toHaveLength(3);
  expect(outcomes).toEqual(['purged']);
});

it('gives up after some tries', async () => {
  statuses = Array(100).fill(403);
  calls.add([urlOf('/purge/a')]);
  await settled(1);
  expect(called).toHaveLength(6);
  expect(outcomes).toEqual(['failed']);
  expect(calls.waitingCount).toBe(0);
});

it('a cache that is down is in nobody`s way', async () => {
  const url = urlOf('/purge/a');
  await new Promise((resolve) => cache.close(resolve));
  calls.add([url]);
  await settled(1);
  expect(outcomes).toEqual(['failed']);
  cache.listen(0, '127.0.0.1');
});

it('drops what does not fit any more', () => {
  calls.add(Array.from({ length: 100_100 }, (_, index) => urlOf(`/purge/${index}`)));
  expect(new Set(outcomes)).toEqual(new Set(['dropped']));
  expect(calls.hasRoom).toBe(false);
});
