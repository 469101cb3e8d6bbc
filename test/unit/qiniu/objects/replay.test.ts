import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bucket } from '../../../../src/object-index/records.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { put } from '../../../support/put-objects.ts';
import { type QiniuServer, startQiniuServer } from '../../../support/qiniu-server.ts';

const fixtures = new URL('../../../fixtures/qiniu/', import.meta.url);

interface Capture {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: { readonly text?: string };
}

const captures = readdirSync(fixtures)
  .filter((name) => /^(java-|py-)?(rs|rsf)-/.test(name))
  .flatMap((file) => {
    const { requests } = JSON.parse(readFileSync(new URL(file, fixtures), 'utf8'));
    return (requests as readonly Capture[]).map((capture) => ({
      ...{ name: `${file}: ${capture.url}`, file, capture },
    }));
  })
  .filter(({ capture }) => capture.headers.some(([name]) => /^authorization$/i.test(name)));

/** What the request must get where that is not plain success. */
function expectedStatus(file: string, path: string): number {
  if (file === 'rs-stat-notfound.json') return 612;
  // Its condition names a hash that was made up.
  if (path.startsWith('/lifecycle/')) return 608;
  // They ask for `b`, which is not there.
  return ['java-rs-batch.json', 'py-rs-batch.json'].includes(file) ? 298 : 200;
}

function timeOf({ headers }: Capture): number {
  const date = headers.find(([name]) => /^x-qiniu-date$/i.test(name))?.[1] ?? '';
  return Date.parse(
    date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
}

describe('recorded requests of SDKs for objects', () => {
  let core: TestCore;
  let server: QiniuServer;
  let bucket: Bucket;

  beforeEach(async () => {
    core = await createTestCore();
    const made = await core.index.createBucket({
      ...{ name: 'demo-bucket', ownerId: core.alice.userId },
      ...{ locationConstraint: null, createdAtMs: 0 },
    });
    bucket = made.bucket;
    for (const key of ['a', 'dir/hello.txt', '图/1', '图/2']) await put(core, { bucket, key });
    server = await startQiniuServer(core);
  });
  afterEach(async () => {
    await server.close();
    await core.index.close();
  });

  it('are there', () => expect(captures.length).toBeGreaterThan(25));

  it.each(captures)('$name', async ({ file, capture }) => {
    const { method, url: path, headers, body } = capture;
    if (path.startsWith('/delete/')) await put(core, { bucket, key: 'b' });
    core.clock.nowMs = timeOf(capture);
    const sent = { method, path, headers, body: body.text ?? '' };
    const answer = await server.send(sent);
    expect([answer.status, answer.text]).toEqual([expectedStatus(file, path), expect.any(String)]);
    expect(answer.headers['x-reqid']).toBeTruthy();
    if (answer.text !== '') expect(answer.headers['content-type']).toContain('json');
    // The date is signed: an old request does not count for ever.
    core.clock.nowMs += 16 * 60_000;
    expect((await server.send(sent)).status).toBe(403);
  });
});

/** Of all services but uploads; what fetches would go out into the world for is tried elsewhere. */
const others = readdirSync(fixtures)
  .filter((name) => /^(java-|py-)?(uc|fop|io|region)-/.test(name))
  .flatMap((file) => {
    const { requests } = JSON.parse(readFileSync(new URL(file, fixtures), 'utf8'));
    return (requests as readonly Capture[]).map((capture) => ({
      ...{ name: `${file}: ${capture.url}`, capture },
    }));
  })
  .filter(({ capture }) => !capture.url.startsWith('/fetch/'));

describe('recorded requests for everything else', () => {
  let core: TestCore;
  let server: QiniuServer;

  beforeEach(async () => {
    core = await createTestCore();
    await core.index.createBucket({
      ...{ name: 'demo-bucket', ownerId: core.alice.userId },
      ...{ locationConstraint: null, createdAtMs: 0 },
    });
    // Java's calls for buckets leave the port of this name out of their Host header.
    server = await startQiniuServer(core, { publicHosts: ['127.0.0.1:19005'] });
  });
  afterEach(async () => {
    await server.close();
    await core.index.close();
  });

  it('are there', () => expect(others.length).toBeGreaterThan(20));

  it.each(others)('$name', async ({ capture }) => {
    const { method, url: path, headers, body } = capture;
    core.clock.nowMs = timeOf(capture) || core.clock.nowMs;
    const answer = await server.send({ method, path, headers, body: body.text ?? '' });
    // Quotas are the operator's to set.
    const statuses = path.startsWith('/setbucketquota/') ? [403] : [200, 400, 612, 614, 631];
    expect(statuses).toContain(answer.status);
    const isUnsupported = /^\/(pfop|prefetch)/.test(path);
    const error = (answer.json as { error?: string } | undefined)?.error ?? '';
    expect(error.endsWith('is not supported by this gateway')).toBe(isUnsupported);
    expect(answer.headers['x-reqid']).toBeTruthy();
    if (answer.text !== '') expect(answer.headers['content-type']).toContain('json');
  });
});
