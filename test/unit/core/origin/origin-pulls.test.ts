import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { parseRange } from '../../../../src/core/byte-range.ts';
import {
  type FoundObject,
  type GetObjectRequest,
  getObject,
  headObject,
} from '../../../../src/core/get-object.ts';
import { type BucketOrigin, bucketOrigin } from '../../../../src/core/origin/bucket-origin.ts';
import { putObject } from '../../../../src/core/put-object.ts';
import type { Bucket } from '../../../../src/object-index/records.ts';
import { parseAllowedTarget } from '../../../../src/outbound/allowed-targets.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { incomingContent } from '../../../support/incoming-content.ts';
import { type OriginServer, startOriginServer } from '../../../support/origin-server.ts';

const lastModified = 'Tue, 05 Dec 2023 10:00:00 GMT';
const { signal } = new AbortController();
setMaxListeners(0, signal);

interface Setting {
  readonly core: TestCore;
  readonly bucket: Bucket;
  readonly server: OriginServer;
}

async function start(answer: RequestListener, bounds: Partial<BucketOrigin> = {}) {
  const server = await startOriginServer(answer);
  const core = await createTestCore();
  const bucket = await withOrigin(core, server.url, bounds);
  return { core, bucket, server };
}

async function withOrigin(core: TestCore, url: string, bounds: Partial<BucketOrigin>) {
  const origin = { kind: 'http', url, credentials: null, missTtlMs: 10_000, sizeBytesMax: 2 ** 30 };
  await bucketOrigin.put(core, core.bucket, { ...origin, ...bounds } as BucketOrigin);
  const bucket = await core.index.findBucket(core.bucket.name);
  if (!bucket) throw new Error('The bucket is gone.');
  return bucket;
}

function requestOf(bucket: Bucket, more: Partial<GetObjectRequest> = {}): GetObjectRequest {
  return {
    ...{ bucket, key: 'cat.jpg', versionId: null, conditions: {}, range: null, partNumber: null },
    ...more,
  };
}

type Got = FoundObject & { readonly content: Buffer };

async function get({ core, bucket }: Setting, more?: Partial<GetObjectRequest>): Promise<Got> {
  const found = await getObject(core, requestOf(bucket, more), signal);
  return { ...found, content: await contentOf(found.body) };
}

async function contentOf(body: Buffer | Readable | null): Promise<Buffer> {
  if (body === null || Buffer.isBuffer(body)) return body ?? Buffer.alloc(0);
  return await buffer(body);
}

/** Once nothing is fetched any more. */
async function stored({ core }: Setting): Promise<readonly string[]> {
  await core.pulls.idle();
  return await core.keys();
}

function serving(content: Buffer, headers: Record<string, string | number> = {}): RequestListener {
  return (_, response) => {
    response.writeHead(200, {
      'content-length': content.length,
      'content-type': 'image/jpeg',
      'last-modified': lastModified,
      ...headers,
    });
    response.end(content);
  };
}

/** Quicker than to compare them as arrays, and to print them. */
function expectBytes(actual: Buffer, expected: Buffer): void {
  expect(actual.length).toBe(expected.length);
  expect(actual.equals(expected)).toBe(true);
}

const cat = Buffer.from('a picture of a cat');
const large = Buffer.alloc(300_000, 'large');
const md5Of = (content: Buffer) => createHash('md5').update(content).digest('hex');

describe('a GET that misses', () => {
  it('gives what the origin has, stores it, and never asks again', async () => {
    const setting = await start(serving(cat, { 'x-amz-meta-color': 'red', 'set-cookie': 'a=b' }));
    const first = await get(setting);
    expect(first.content).toEqual(cat);
    expect(await stored(setting)).toEqual(['cat.jpg']);
    const second = await get(setting);
    expect(second.content).toEqual(cat);
    expect(second.isStored).toBe(true);
    expect(second.object).toMatchObject({
      size: cat.length,
      headers: { 'content-type': 'image/jpeg' },
      userMetadata: { color: 'red' },
      lastModifiedMs: Date.parse(lastModified),
      ownerId: setting.bucket.ownerId,
    });
    expect(second.object.headers).toEqual({ 'content-type': 'image/jpeg' });
    expect(second.object.etag).toBe(first.object.etag);
    expect(setting.server.lines()).toEqual(['GET /cat.jpg']);
  });

  it.each([0, 1, 100, 300_000])('stores %d bytes as they are', async (size) => {
    const content = Buffer.alloc(size, 'x');
    const setting = await start(serving(content));
    expectBytes((await get(setting)).content, content);
    await stored(setting);
    expectBytes((await get(setting)).content, content);
    expect(setting.server.requests).toHaveLength(1);
  });

  it('asks once for a hundred at the same time', async () => {
    const setting = await start(serving(large));
    const got = await Promise.all(Array.from({ length: 100 }, () => get(setting)));
    expect(got.every(({ content }) => content.equals(large))).toBe(true);
    await stored(setting);
    expectBytes((await get(setting)).content, large);
    expect(setting.server.lines()).toEqual(['GET /cat.jpg']);
  });

  it('gives bytes before the last one has come', async () => {
    let finish = () => {};
    const setting = await start((_, response) => {
      response.writeHead(200, { 'content-length': large.length, 'last-modified': lastModified });
      response.write(large.subarray(0, 200_000));
      finish = () => response.end(large.subarray(200_000));
    });
    const found = await getObject(setting.core, requestOf(setting.bucket), signal);
    const body = found.body as Readable;
    expect(found.object.size).toBe(large.length);
    expect(found.isStored).toBe(false);
    await new Promise((resolve) => body.once('readable', resolve));
    const begin = body.read() as Buffer;
    expect(begin.length).toBeGreaterThan(0);
    finish();
    expectBytes(Buffer.concat([begin, await buffer(body)]), large);
  });

  it('goes on for the others when one leaves, and is stored when all do', async () => {
    const responses: ServerResponse[] = [];
    const setting = await start((_, response) => {
      responses.push(response);
      response.writeHead(200, { 'content-length': large.length, 'last-modified': lastModified });
      response.write(large.subarray(0, 200_000));
    });
    const leaving = await getObject(setting.core, requestOf(setting.bucket), signal);
    const staying = getObject(setting.core, requestOf(setting.bucket), signal);
    (leaving.body as Readable).destroy();
    const reading = staying.then(({ body }) => contentOf(body));
    responses[0]?.end(large.subarray(200_000));
    expectBytes(await reading, large);
    expect(await stored(setting)).toEqual(['cat.jpg']);
  });

  it('lets one that waits for the origin leave', async () => {
    const setting = await start(() => undefined);
    const controller = new AbortController();
    const waiting = getObject(setting.core, requestOf(setting.bucket), controller.signal);
    const reason = new Error('gone');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await setting.core.pulls.close();
    expect(await setting.core.keys()).toEqual([]);
  });

  it('encodes the key, and asks for nothing outside of the prefix', async () => {
    const setting = await start(serving(cat));
    await get(setting, { key: 'a b/ü?#%2e.jpg' });
    expect(setting.server.lines()).toEqual(['GET /a%20b/%C3%BC%3F%23%252e.jpg']);
    for (const key of ['../secret', 'a/../../secret', './a', 'a/.']) {
      await expect(get(setting, { key })).rejects.toMatchObject({ code: 'NoSuchKey' });
    }
    expect(setting.server.requests).toHaveLength(1);
  });

  it('follows the redirects of an origin', async () => {
    const setting = await start((request, response) => {
      if (request.url === '/real') return serving(cat)(request, response);
      response.writeHead(302, { location: '/real' }).end();
    });
    expect((await get(setting)).content).toEqual(cat);
  });
});

describe('what is not at the origin, either', () => {
  const missing: RequestListener = (_, response) => response.writeHead(404).end('no');

  it('is missing, and not asked for again for a while', async () => {
    const setting = await start(missing);
    await expect(get(setting)).rejects.toMatchObject({ code: 'NoSuchKey' });
    await expect(get(setting)).rejects.toMatchObject({ code: 'NoSuchKey' });
    await expect(headObject(setting.core, requestOf(setting.bucket))).rejects.toMatchObject({
      code: 'NoSuchKey',
    });
    expect(setting.server.requests).toHaveLength(1);
    setting.core.clock.nowMs += 10_001;
    await expect(get(setting)).rejects.toMatchObject({ code: 'NoSuchKey' });
    expect(setting.server.requests).toHaveLength(2);
  });

  it('is asked for each time where the bucket says so', async () => {
    const setting = await start(missing, { missTtlMs: 0 });
    await expect(get(setting)).rejects.toMatchObject({ code: 'NoSuchKey' });
    await setting.core.pulls.idle();
    await expect(get(setting)).rejects.toMatchObject({ code: 'NoSuchKey' });
    expect(setting.server.requests).toHaveLength(2);
  });

  it('can be put meanwhile', async () => {
    const setting = await start(missing);
    await expect(get(setting)).rejects.toMatchObject({ code: 'NoSuchKey' });
    await put(setting, 'mine');
    expect((await get(setting)).content.toString()).toBe('mine');
  });
});

async function put({ core, bucket }: Setting, text: string): Promise<void> {
  await putObject(core, {
    bucket,
    key: 'cat.jpg',
    caller: core.alice,
    description: { headers: {}, userMetadata: {} },
    content: incomingContent(Buffer.from(text)),
    signal,
  });
}

describe('an origin that fails', () => {
  async function expectFailure(setting: Setting): Promise<void> {
    await expect(get(setting)).rejects.toMatchObject({ code: 'OriginFailed' });
    expect(await stored(setting)).toEqual([]);
    expect(await setting.core.queued()).toEqual([]);
    expect(setting.core.spool.usedBytes).toBe(0);
  }

  it('is told when nothing listens there, and asked again by the next one', async () => {
    const setting = await start(serving(cat));
    const bucket = await withOrigin(setting.core, 'http://127.0.0.1:1/', {});
    await expectFailure({ ...setting, bucket });
    const again = await withOrigin(setting.core, setting.server.url, {});
    expect((await get({ ...setting, bucket: again })).content).toEqual(cat);
  });

  it.each([500, 503, 403, 401, 206, 304])('is told when it answers %d', async (status) => {
    await expectFailure(await start((_, response) => response.writeHead(status).end()));
  });

  it('is told when its address is not allowed', async () => {
    const setting = await start(serving(cat));
    const bucket = await withOrigin(setting.core, 'http://10.0.0.1/', {});
    await expectFailure({ ...setting, bucket });
  });

  it('is told when it redirects to an address that is not allowed', async () => {
    await expectFailure(
      await start((_, response) => response.writeHead(302, { location: 'http://10.0.0.1/' }).end()),
    );
  });

  it('is told when it gives neither length nor end', async () => {
    await expectFailure(
      await start((_, response) => {
        response.socket?.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nmaybe all');
      }),
    );
  });

  it('is told when the object is larger than the bucket takes', async () => {
    await expectFailure(await start(serving(large), { sizeBytesMax: 1000 }));
    const chunked = await start((_, response) => response.end(large), { sizeBytesMax: 1000 });
    await expectFailure(chunked);
  });

  it.each([
    ['breaks off', 1000],
    ['breaks off after a lot', 299_999],
  ])('fails whoever reads when its body %s', async (_, sizeSent) => {
    const setting = await start((__, response) => {
      response.writeHead(200, { 'content-length': large.length, 'last-modified': lastModified });
      response.write(large.subarray(0, sizeSent), () => response.destroy());
    });
    await expectFailure(setting);
  });

  it.each([
    ['Content-MD5', { 'content-md5': Buffer.alloc(16).toString('base64') }],
    ['ETag of an S3', { etag: `"${'0'.repeat(32)}"`, 'x-amz-request-id': 'x' }],
  ])('never lets bytes through as whole that do not fit its %s', async (_, headers) => {
    for (const content of [cat, large]) await expectFailure(await start(serving(content, headers)));
  });

  it('compares with the hash that a Kodo gives', async () => {
    const wrong = serving(cat, { etag: '"Fto5o-5ea0sNMlW_75VgGJCv2AcJ"' });
    await expectFailure(await start(wrong, { kind: 'qiniu' }));
    const right = serving(Buffer.alloc(0), { etag: '"Fto5o-5ea0sNMlW_75VgGJCv2AcJ"' });
    const setting = await start(right, { kind: 'qiniu' });
    expect((await get(setting)).object.qetag).toBe('Fto5o-5ea0sNMlW_75VgGJCv2AcJ');
    await stored(setting);
    expect((await get(setting)).object.qetag).toBe('Fto5o-5ea0sNMlW_75VgGJCv2AcJ');
  });
});

describe('the ETag of what comes from an origin', () => {
  async function etagsOf(headers: Record<string, string>): Promise<readonly string[]> {
    const setting = await start(serving(cat, headers));
    const before = await headObject(setting.core, requestOf(setting.bucket));
    const during = await get(setting);
    await stored(setting);
    const after = await get(setting);
    expect(after.isStored).toBe(true);
    return [before.object.etag, during.object.etag, after.object.etag];
  }

  it('is the MD5 where the origin tells it', async () => {
    const md5 = createHash('md5').update(cat).digest();
    const etags = await etagsOf({ 'content-md5': md5.toString('base64') });
    expect(new Set(etags)).toEqual(new Set([md5Of(cat)]));
  });

  it('is that of a multipart upload in another S3', async () => {
    const etag = `${'a'.repeat(32)}-2`;
    expect(new Set(await etagsOf({ etag: `"${etag}"`, 'x-amz-request-id': 'x' }))).toEqual(
      new Set([etag]),
    );
  });

  it.each([
    { etag: '"5f3e-1a2b"' },
    { etag: 'W/"5f3e"' },
    { etag: `"${'0'.repeat(32)}"` },
    {
      etag: `"${'0'.repeat(32)}"`,
      'x-amz-request-id': 'x',
      'x-amz-server-side-encryption': 'aws:kms',
    },
  ])('stays the same and is no MD5 for %o', async (headers) => {
    const etags = await etagsOf(headers as Record<string, string>);
    expect(etags[0]).toMatch(/^[0-9a-f]{32}-0$/);
    expect(new Set(etags).size).toBe(1);
  });

  it('is the MD5 of the bytes where nothing tells versions apart', async () => {
    const etags = await etagsOf({ 'last-modified': '' });
    expect(new Set(etags)).toEqual(new Set([md5Of(cat)]));
  });
});

describe('a body of unknown length', () => {
  it('is given and stored when it has come whole', async () => {
    const setting = await start((_, response) => response.end(large.subarray(0, 100_000)));
    const setting2 = await start((_, response) => {
      response.write(large.subarray(0, 50_000));
      response.end(large.subarray(50_000));
    });
    for (const [each, size] of [
      [setting, 100_000],
      [setting2, large.length],
    ] as const) {
      const got = await get(each);
      expectBytes(got.content, large.subarray(0, size));
      expect(got.object).toMatchObject({ size, etag: md5Of(large.subarray(0, size)) });
      expect(await stored(each)).toEqual(['cat.jpg']);
    }
  });

  it('is not stored when it breaks off', async () => {
    const setting = await start((_, response) => {
      response.write(large.subarray(0, 50_000), () => response.destroy());
    });
    await expect(get(setting)).rejects.toMatchObject({ code: 'OriginFailed' });
    expect(await stored(setting)).toEqual([]);
  });
});

describe('ranges, parts and conditions on what misses', () => {
  it.each([
    ['bytes=0-9', 0, 10],
    ['bytes=299990-', 299_990, 300_000],
    ['bytes=-5', 299_995, 300_000],
    ['bytes=100-200', 100, 201],
  ])('gives %s and stores all', async (range, start_, end) => {
    const setting = await start(serving(large));
    const got = await get(setting, { range: parseRange(range) });
    expectBytes(got.content, large.subarray(start_, end));
    expect(got.range).toEqual({ start: start_, size: end - start_ });
    await stored(setting);
    expectBytes((await get(setting)).content, large);
    expect(setting.server.requests).toHaveLength(1);
    expect(setting.server.requests[0]?.headers.range).toBeUndefined();
  });

  it('refuses a range behind the end', async () => {
    const setting = await start(serving(cat));
    const range = parseRange('bytes=1000-');
    await expect(get(setting, { range })).rejects.toMatchObject({ code: 'InvalidRange' });
  });

  it('takes it for part 1 of 1', async () => {
    const setting = await start(serving(cat));
    expect((await get(setting, { partNumber: 1 })).content).toEqual(cat);
    const other = await start(serving(cat));
    await expect(get(other, { partNumber: 2 })).rejects.toMatchObject({
      code: 'InvalidPartNumber',
    });
  });

  it('evaluates conditions', async () => {
    const setting = await start(serving(cat));
    const { object } = await headObject(setting.core, requestOf(setting.bucket));
    const notModified = await get(setting, { conditions: { ifNoneMatch: [object.etag] } });
    expect(notModified).toMatchObject({ isNotModified: true, content: Buffer.alloc(0) });
    const since = { ifModifiedSinceMs: Date.parse(lastModified) };
    expect(
      await headObject(setting.core, requestOf(setting.bucket, { conditions: since })),
    ).toMatchObject({ isNotModified: true });
    await expect(get(setting, { conditions: { ifMatch: ['other'] } })).rejects.toMatchObject({
      code: 'PreconditionFailed',
    });
  });

  it('asks whether that very object may be read', async () => {
    const setting = await start(serving(cat));
    const refusal = new Error('no');
    const checkAccess = () => {
      throw refusal;
    };
    await expect(get(setting, { checkAccess })).rejects.toBe(refusal);
  });
});

describe('a HEAD that misses', () => {
  it('asks by HEAD, and stores nothing', async () => {
    const setting = await start(serving(cat));
    const { object } = await headObject(setting.core, requestOf(setting.bucket));
    expect(object).toMatchObject({ size: cat.length, lastModifiedMs: Date.parse(lastModified) });
    expect(setting.server.lines()).toEqual(['HEAD /cat.jpg']);
    expect(await stored(setting)).toEqual([]);
  });

  it('shares the question', async () => {
    const setting = await start(serving(cat));
    const heads = Array.from({ length: 20 }, () =>
      headObject(setting.core, requestOf(setting.bucket)),
    );
    await Promise.all(heads);
    expect(setting.server.lines()).toEqual(['HEAD /cat.jpg']);
  });

  it.each([405, 501])('fetches from a server that answers HEAD with %d', async (status) => {
    const setting = await start((request, response) => {
      if (request.method === 'HEAD') response.writeHead(status).end();
      else serving(cat)(request, response);
    });
    const { object } = await headObject(setting.core, requestOf(setting.bucket));
    expect(object.size).toBe(cat.length);
  });

  it('tells of an origin that fails', async () => {
    const setting = await start((_, response) => response.writeHead(500).end());
    await expect(headObject(setting.core, requestOf(setting.bucket))).rejects.toMatchObject({
      code: 'OriginFailed',
    });
  });
});

describe('what clients do meanwhile', () => {
  /** An origin that ends its answer when it is told to. */
  async function slow() {
    let finish = () => {};
    const setting = await start((_, response) => {
      response.writeHead(200, { 'content-length': cat.length, 'last-modified': lastModified });
      response.write(cat.subarray(0, 5));
      finish = () => response.end(cat.subarray(5));
    });
    return { setting, finish: () => finish() };
  }

  it('a PUT wins', async () => {
    const { setting, finish } = await slow();
    const found = await getObject(setting.core, requestOf(setting.bucket), signal);
    await put(setting, 'mine');
    finish();
    expect(await contentOf(found.body)).toEqual(cat);
    await stored(setting);
    expect((await get(setting)).content.toString()).toBe('mine');
  });

  it('a delete marker stays the newest, and lets nothing be fetched', async () => {
    const { setting, finish } = await slow();
    await setting.core.index.setBucketVersioning(setting.bucket.id, 'Enabled');
    const found = await getObject(setting.core, requestOf(setting.bucket), signal);
    await setting.core.index.deleteObjects(setting.bucket.id, ['cat.jpg']);
    finish();
    await contentOf(found.body);
    expect(await stored(setting)).toEqual([]);
    await expect(get(setting)).rejects.toMatchObject({ code: 'NoSuchKey' });
    expect(setting.server.requests).toHaveLength(1);
  });

  it('a deletion for good lets it be fetched again', async () => {
    const setting = await start(serving(cat));
    await get(setting);
    await stored(setting);
    await setting.core.index.deleteObjects(setting.bucket.id, ['cat.jpg']);
    expect((await get(setting)).content).toEqual(cat);
    expect(setting.server.requests).toHaveLength(2);
  });
});

describe('bounds', () => {
  it('gives the bytes and keeps nothing where a quota has no room', async () => {
    const setting = await start(serving(large));
    const quota = { sizeBytes: 1000, objectCount: null };
    await setting.core.index.setQuota({ kind: 'bucket', bucketId: setting.bucket.id }, quota);
    const bucket = await setting.core.index.findBucket(setting.bucket.name);
    if (!bucket) throw new Error('The bucket is gone.');
    expectBytes((await get({ ...setting, bucket })).content, large);
    expect(await stored(setting)).toEqual([]);
  });

  it('fetches 64 at a time and tells more to come again', async () => {
    const setting = await start(() => undefined);
    const waiting = Array.from({ length: 64 }, (_, n) => get(setting, { key: `${n}` }));
    const failed = Promise.allSettled(waiting);
    await expect(get(setting, { key: 'one more' })).rejects.toMatchObject({ code: 'SlowDown' });
    await setting.core.pulls.close();
    for (const { status } of await failed) expect(status).toBe('rejected');
  });

  it('frees the spool', async () => {
    const setting = await start(serving(large));
    await get(setting);
    await stored(setting);
    await new Promise((resolve) => setImmediate(resolve));
    expect(setting.core.spool.usedBytes).toBe(0);
  });
});

describe('an origin that is another S3', () => {
  const s3 = {
    kind: 's3',
    ...{ region: 'us-east-1', bucket: 'b', prefix: 'p/', isVirtualHosted: false },
    ...{ credentials: null, missTtlMs: 10_000, sizeBytesMax: 2 ** 30 },
  } as const;

  async function startS3(answer: RequestListener, allowed = '127.0.0.1') {
    const server = await startOriginServer(answer);
    const targets = [parseAllowedTarget(allowed)].filter((target) => target !== null);
    const core = await createTestCore({ outbound: { allowed: targets } });
    await bucketOrigin.put(core, core.bucket, { ...s3, endpoint: server.url.slice(0, -1) });
    const bucket = await core.index.findBucket(core.bucket.name);
    if (!bucket) throw new Error('The bucket is gone.');
    return { core, bucket, server };
  }

  function xml(status: number, code: string): RequestListener {
    return (_, response) => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
    };
  }

  it('is asked without signature where it has no key', async () => {
    const etag = `"${md5Of(cat)}"`;
    const setting = await startS3(serving(cat, { etag, 'x-amz-meta-color': 'red' }));
    const { content, object } = await get(setting);
    expect(content).toEqual(cat);
    expect(object).toMatchObject({ etag: md5Of(cat), userMetadata: { color: 'red' } });
    expect(setting.server.lines()).toEqual([expect.stringMatching(/^GET \/b\/p\/cat\.jpg/)]);
    expect(setting.server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('is not asked at an address that is not allowed', async () => {
    const setting = await startS3(serving(cat), '10.0.0.1');
    await expect(get(setting)).rejects.toMatchObject({
      code: 'OriginFailed',
      cause: { cause: { reason: 'forbidden-address' } },
    });
    expect(setting.server.requests).toHaveLength(0);
  });

  it('does not have what it says it does not have', async () => {
    const setting = await startS3(xml(404, 'NoSuchKey'));
    await expect(get(setting)).rejects.toMatchObject({ code: 'NoSuchKey' });
  });

  it.each([
    [404, 'NoSuchBucket'],
    [403, 'AccessDenied'],
    [301, 'PermanentRedirect'],
    [400, 'InvalidRequest'],
  ])('fails when it answers %d %s', async (status, code) => {
    const setting = await startS3(xml(status, code));
    await expect(get(setting)).rejects.toMatchObject({ code: 'OriginFailed' });
    expect(await stored(setting)).toEqual([]);
  });

  it('fails when its bytes are not those of its ETag', async () => {
    const setting = await startS3(serving(large, { etag: `"${md5Of(cat)}"` }));
    await expect(get(setting)).rejects.toMatchObject({ code: 'OriginFailed' });
    expect(await stored(setting)).toEqual([]);
  });

  it('fails when its secret does not open', async () => {
    const setting = await startS3(serving(cat));
    const secretSealed = Buffer.alloc(60, 1).toString('base64');
    const credentials = { accessKeyId: 'AK', secretSealed };
    const endpoint = setting.server.url.slice(0, -1);
    await bucketOrigin.put(setting.core, setting.bucket, { ...s3, endpoint, credentials });
    const bucket = await setting.core.index.findBucket(setting.bucket.name);
    await expect(get({ ...setting, bucket: bucket ?? setting.bucket })).rejects.toMatchObject({
      code: 'OriginFailed',
    });
    expect(setting.server.requests).toHaveLength(0);
  });
});
