import { afterEach, expect, it, vi } from 'vitest';
import { Heartbeats } from '../../../../src/fastdfs/client/heartbeats.ts';
import {
  renderAddress,
  type ServerAddress,
} from '../../../../src/fastdfs/client/server-address.ts';
import { closedPort } from '../../../support/fake-server.ts';
import { serve, serveReplies } from './harness.ts';

let beats: Heartbeats | null = null;

afterEach(() => beats?.close());

interface Watched {
  /** How the pings of a server ended, in order; null for an answer. */
  outcomes(address: ServerAddress): (string | null)[];
}

function watch(addresses: readonly ServerAddress[], timeoutMs = 1_000): Watched {
  const told: [string, string | null][] = [];
  beats = new Heartbeats({ intervalMs: 10, timeoutMs }, (address, failure) =>
    told.push([renderAddress(address), failure?.message ?? null]),
  );
  beats.watch(addresses);
  return {
    outcomes: (address) =>
      told.filter(([name]) => name === renderAddress(address)).map(([, outcome]) => outcome),
  };
}

it('tells of each answered ping, all on one connection', async () => {
  const server = await serveReplies((peer) => peer.answer(0));
  const { outcomes } = watch([server.address]);
  await vi.waitUntil(() => outcomes(server.address).length >= 3);
  expect(outcomes(server.address).slice(0, 3)).toEqual([null, null, null]);
  expect(server.peers).toHaveLength(1);
});

it('tells of a refused connection', async () => {
  const address = await closedPort();
  const { outcomes } = watch([address]);
  await beats?.settled();
  expect(outcomes(address)).toEqual([expect.stringContaining('ECONNREFUSED')]);
});

it('tells of a server that accepts and never answers', async () => {
  const server = await serve(async () => {
    await new Promise(() => {});
  });
  const { outcomes } = watch([server.address], 20);
  await vi.waitUntil(() => outcomes(server.address).length > 0);
  expect(outcomes(server.address)[0]).toMatch(/ran out/);
});

it('does not take a restart for a death', async () => {
  const server = await serveReplies((peer) => peer.answer(0));
  const { outcomes } = watch([server.address]);
  await vi.waitUntil(() => outcomes(server.address).length >= 1);
  for (const peer of server.peers) peer.socket.resetAndDestroy();
  const before = outcomes(server.address).length;
  await vi.waitUntil(() => outcomes(server.address).length >= before + 2);
  expect(new Set(outcomes(server.address))).toEqual(new Set([null]));
  expect(server.peers.length).toBeGreaterThan(1);
});

it('stops when a server is not watched any more', async () => {
  const server = await serveReplies((peer) => peer.answer(0));
  const { outcomes } = watch([server.address]);
  await vi.waitUntil(() => outcomes(server.address).length >= 1);
  beats?.watch([]);
  const count = outcomes(server.address).length;
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(outcomes(server.address)).toHaveLength(count);
});
