import { readdirSync, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutboundHttp } from '../../../../src/outbound/outbound-http.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { type QiniuServer, startQiniuServer } from '../../../support/qiniu-server.ts';

const fixtures = new URL('../../../fixtures/qiniu/', import.meta.url);

interface Capture {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: { readonly text?: string };
}

const captures = readdirSync(fixtures)
  .filter((name) => /^(java-|py-)?(uc|io|region|fop)-/.test(name))
  .flatMap((file) => {
    const { requests } = JSON.parse(readFileSync(new URL(file, fixtures), 'utf8'));
    return (requests as readonly Capture[]).map((capture) => ({
      ...{ name: `${file}: ${capture.url}`, capture },
    }));
  })
  .filter(({ capture }) => !capture.url.startsWith('/stat/'));

/** What is refused, and by which status; the key of these calls is not root's. */
function expectedStatus(path: string): number {
  if (/^\/(prefetch|pfop|status)\//.test(path)) return 400;
  if (path.startsWith('/setbucketquota/')) return 403;
  return 200;
}

function timeOf({ headers }: Capture): number {
  const date = headers.find(([name]) => /^x-qiniu-date$/i.test(name))?.[1] ?? '';
  const time = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  return date === '' ? Date.UTC(2026, 10, 20) : Date.parse(time);
}

/** Gives every URL the same bytes. */
const outbound = {
  request: async ({ url }: { url: string }) => ({
    ...{ status: 200, headers: { 'content-type': 'text/plain' }, url },
    body: Readable.from([Buffer.from('hello')]),
  }),
} as unknown as OutboundHttp;

describe('recorded requests of SDKs for buckets, regions and fetches', () => {
  let core: TestCore;
  let server: QiniuServer;

  beforeEach(async () => {
    core = { ...(await createTestCore()), outbound };
    await core.index.createBucket({
      ...{ name: 'demo-bucket', ownerId: core.alice.userId },
      ...{ locationConstraint: null, createdAtMs: 0 },
    });
    // Java leaves the port out of the Host header, and signs it.
    server = await startQiniuServer(core, { publicHosts: ['127.0.0.1:19005'] });
  });
  afterEach(async () => {
    await server.close();
    await core.index.close();
  });

  it('are there', () => expect(captures.length).toBeGreaterThan(20));

  it.each(captures)('$name', async ({ capture }) => {
    const { method, url: path, headers, body } = capture;
    core.clock.nowMs = timeOf(capture);
    const answer = await server.send({ method, path, headers, body: body.text ?? '' });
    expect([answer.status, answer.text]).toEqual([expectedStatus(path), expect.any(String)]);
    expect(answer.headers['x-reqid']).toBeTruthy();
    if (answer.text !== '') expect(answer.headers['content-type']).toContain('json');
  });

  const signed = captures.filter(({ capture }) =>
    capture.headers.some(([name]) => /^authorization$/i.test(name)),
  );

  it.each(signed)('$name with another signature', async ({ capture }) => {
    const { method, url: path, body } = capture;
    core.clock.nowMs = timeOf(capture);
    const headers = capture.headers.map(([name, value]) =>
      /^authorization$/i.test(name)
        ? ([name, `${value.slice(0, -4)}AAA=`] as const)
        : ([name, value] as const),
    );
    const { status } = await server.send({ method, path, headers, body: body.text ?? '' });
    expect(status).toBe(expectedStatus(path) === 400 ? 400 : 401);
  });
});
