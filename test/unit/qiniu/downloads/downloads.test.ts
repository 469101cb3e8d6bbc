import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeToPublic, openToPublic } from '../../../../src/core/access/public-read.ts';
import { addBucketDomain } from '../../../../src/core/bucket-domains.ts';
import { corsRules } from '../../../../src/core/cors-rules.ts';
import { bucketOrigin } from '../../../../src/core/origin/bucket-origin.ts';
import { putObject } from '../../../../src/core/put-object.ts';
import type { Bucket } from '../../../../src/object-index/records.ts';
import { maxAgeSetting } from '../../../../src/qiniu/buckets/kodo-settings.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { incomingContent } from '../../../support/incoming-content.ts';
import { startOriginServer } from '../../../support/origin-server.ts';
import { type QiniuServer, qiniuKey, startQiniuServer } from '../../../support/qiniu-server.ts';

const qetagOfHello = 'Fqr0xh3cxeii2r7eDztILNmuqUNN';
const domain = 'img.example.com';

let core: TestCore;
let server: QiniuServer;

beforeEach(async () => {
  core = await createTestCore();
  server = await startQiniuServer(core);
  await addBucketDomain(core, core.bucket, domain);
  await put('dir/七 牛.txt', 'hello', { 'content-type': 'text/plain' }, { color: 'red' });
});
afterEach(async () => {
  await server.close();
  await core.index.close();
});

async function put(
  key: string,
  content: string,
  headers: Record<string, string> = {},
  userMetadata: Record<string, string> = {},
): Promise<void> {
  await putObject(core, {
    ...{ bucket: core.bucket, key, caller: core.alice, description: { headers, userMetadata } },
    content: incomingContent(content),
    signal: new AbortController().signal,
  });
}

async function bucket(): Promise<Bucket> {
  const found = await core.index.findBucket('photos');
  if (!found) throw new Error('the bucket is gone');
  return found;
}

const path = '/dir/%E4%B8%83%20%E7%89%9B.txt';
const get = (target: string, headers: Record<string, string> = {}, method = 'GET') =>
  server.send({ method, path: target, headers: { host: domain, ...headers } });

/** As an SDK makes it. */
function signed(target: string, host = `http://${domain}`, secondsFromNow = 60): string {
  const deadline = Math.floor(core.now() / 1000) + secondsFromNow;
  const text = `${target}${target.includes('?') ? '&' : '?'}e=${deadline}`;
  const digest = createHmac('sha1', qiniuKey.secretAccessKey)
    .update(host + text)
    .digest('base64');
  const sign = digest.replaceAll('+', '-').replaceAll('/', '_');
  return `${text}&token=${qiniuKey.accessKeyId}:${sign}`;
}

describe('an object of a public bucket', () => {
  beforeEach(async () => openToPublic(core, await bucket()));

  it('is served at its domain with all that Kodo tells of it', async () => {
    const { status, headers, text } = await get(path);
    expect([status, text]).toEqual([200, 'hello']);
    expect(headers).toMatchObject({
      'content-type': 'text/plain',
      'content-length': '5',
      etag: `"${qetagOfHello}"`,
      'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT',
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=31536000',
      'x-qn-meta-color': 'red',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'X-Log, X-Reqid',
    });
    expect(headers['x-reqid']).toMatch(/^\w+$/);
  });

  it('is served behind the name of its bucket anywhere else', async () => {
    const { status, text } = await get(`/photos${path}?v=1`, { host: 'localhost' });
    expect([status, text]).toEqual([200, 'hello']);
    expect((await get(`/photos${path}`)).status).toBe(404);
  });

  it('is served whatever a link says', async () => {
    expect((await get(`${path}?e=1&token=nobody:nothing`)).status).toBe(200);
  });

  it('has no body for HEAD', async () => {
    const { status, headers, text } = await get(path, {}, 'HEAD');
    expect([status, text, headers['content-length']]).toEqual([200, '', '5']);
  });

  it.each([
    ['bytes=1-2', 206, 'el', 'bytes 1-2/5'],
    ['bytes=-2', 206, 'lo', 'bytes 3-4/5'],
    ['bytes=3-', 206, 'lo', 'bytes 3-4/5'],
    ['bytes=0-0,2-2', 200, 'hello', undefined],
  ])('is served in ranges: %s', async (range, status, text, contentRange) => {
    const answer = await get(path, { range });
    expect([answer.status, answer.text]).toEqual([status, text]);
    expect(answer.headers['content-range']).toBe(contentRange);
  });

  it('has nothing behind its end', async () => {
    const { status, headers, json } = await get(path, { range: 'bytes=5-' });
    expect([status, headers['content-range']]).toEqual([416, 'bytes */5']);
    expect(json).toEqual({ error: 'requested range not satisfiable' });
  });

  it.each([
    [{ 'if-none-match': `"${qetagOfHello}"` }, 304],
    [{ 'if-none-match': '"5d41402abc4b2a76b9719d911017c592"' }, 200],
    [{ 'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT' }, 304],
    [{ 'if-modified-since': 'Sun, 31 Dec 2023 00:00:00 GMT' }, 200],
    [{ 'if-match': '"other"' }, 412],
    [{ range: 'bytes=0-0', 'if-range': `"${qetagOfHello}"` }, 206],
    [{ range: 'bytes=0-0', 'if-range': '"other"' }, 200],
  ])('with %j answers %d', async (headers: Record<string, string>, status) => {
    const answer = await get(path, headers);
    expect(answer.status).toBe(status);
    if (status === 304) expect(answer.headers).toMatchObject({ etag: `"${qetagOfHello}"` });
  });

  it.each([
    [
      '?attname=%E4%B8%8B%E8%BD%BD.txt',
      `attachment; filename="__.txt"; filename*=UTF-8''%E4%B8%8B%E8%BD%BD.txt`,
    ],
    ['?attname=', `attachment; filename="_ _.txt"; filename*=UTF-8''%E4%B8%83%20%E7%89%9B.txt`],
    ['?attname=a%0d%0aX:1', `attachment; filename="aX:1"; filename*=UTF-8''aX%3A1`],
  ])('with %s is saved as %s', async (query, disposition) => {
    expect((await get(path + query)).headers['content-disposition']).toBe(disposition);
  });

  it.each([
    '?imageView2/1/w/200',
    '?imageInfo',
    '?imageMogr2/auto-orient|imageInfo',
    '?v=1&avinfo',
    '?imageMogr2%2Fthumbnail',
  ])('is not processed: %s', async (query) => {
    const { status, json } = await get(path + query);
    expect(status).toBe(400);
    expect(json).toEqual({ error: 'data processing is not supported by this gateway' });
  });

  it.each([
    '?v=123',
    '?t=imageInfo',
    '?hash=abc',
    '?exifs',
    '?',
    '?response-content-type=text/html',
  ])('ignores %s, which keeps caches apart', async (query) => {
    const { status, headers } = await get(path + query);
    expect([status, headers['content-type']]).toEqual([200, 'text/plain']);
  });

  it('may be kept by caches for as long as its bucket says, or the object', async () => {
    await maxAgeSetting.put(core, await bucket(), 60);
    expect((await get(path)).headers['cache-control']).toBe('public, max-age=60');
    await put('own', 'x', { 'cache-control': 'no-cache' });
    expect((await get('/own')).headers['cache-control']).toBe('no-cache');
  });

  it('is not there: 404, and the page for that where the bucket has one', async () => {
    const { status, json, headers } = await get('/missing');
    expect([status, json]).toEqual([404, { error: 'Document not found' }]);
    expect(headers['cache-control']).toBe('no-store');
    await put('errno-404', '<h1>Gone</h1>', { 'content-type': 'text/html' });
    const page = await get('/missing');
    expect([page.status, page.text]).toEqual([404, '<h1>Gone</h1>']);
    expect(page.headers['content-type']).toBe('text/html');
    expect((await get('/')).status).toBe(404);
  });

  it('is not there in a bucket that does not exist', async () => {
    expect((await get('/nothing/a', { host: 'localhost' })).status).toBe(404);
    expect((await get('/', { host: 'localhost' })).status).toBe(404);
  });

  it('is refused while it is disabled', async () => {
    const change = { kodo: { isDisabled: true } };
    await core.index.changeObject({
      ...{ bucketId: core.bucket.id, key: 'dir/七 牛.txt', versionId: null, change },
    });
    expect((await get(path)).status).toBe(403);
  });

  it.each(['/%ff', '/%00', '/a%zz'])('has no key such as %s', async (target) => {
    expect((await get(target)).status).toBe(400);
  });

  it('cannot be written or deleted by a URL', async () => {
    expect((await get(path, {}, 'DELETE')).status).toBe(404);
    expect((await get(path, {}, 'PUT')).status).toBe(404);
    expect((await get(path)).status).toBe(200);
  });

  it('says to pages of other origins what the rules of its bucket say', async () => {
    const rule = {
      allowedOrigins: ['http://shop'],
      allowedMethods: ['GET'],
      allowedHeaders: ['range'],
    };
    await corsRules.put(core, await bucket(), [{ ...rule, exposeHeaders: ['ETag'] }]);
    const { headers } = await get(path, { origin: 'http://shop' });
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'http://shop',
      'access-control-expose-headers': 'X-Log, X-Reqid, ETag',
    });
    const other = await get(path, { origin: 'http://other' });
    expect(other.headers['access-control-allow-origin']).toBeUndefined();
    const ask = (origin: string) =>
      get(path, { origin, 'access-control-request-method': 'GET' }, 'OPTIONS');
    expect((await ask('http://shop')).status).toBe(204);
    expect((await ask('http://other')).status).toBe(403);
  });

  it('lets pages of any origin ask where its bucket has no rules', async () => {
    const asked = { origin: 'http://shop', 'access-control-request-method': 'GET' };
    const { status, headers } = await get(path, asked, 'OPTIONS');
    expect(status).toBe(204);
    expect(headers['access-control-allow-origin']).toBe('*');
  });
});

describe('an object of a private bucket', () => {
  it('needs a link', async () => {
    const { status, json } = await get(path);
    expect([status, json]).toEqual([401, { error: 'download token not specified' }]);
    expect((await get('/missing')).status).toBe(401);
  });

  it('is served to whoever has one, and to caches of nobody else', async () => {
    const { status, text, headers } = await get(signed(path));
    expect([status, text]).toEqual([200, 'hello']);
    expect(headers['cache-control']).toBe('private, max-age=60');
    expect((await get(`${signed(path)}&v=1`)).status).toBe(200);
    expect((await get(signed('/missing'))).status).toBe(404);
  });

  it('is served for a link that was signed with another scheme, port or domain of its bucket', async () => {
    await addBucketDomain(core, core.bucket, 'other.example.com');
    expect((await get(signed(path, `https://${domain}`))).status).toBe(200);
    expect((await get(signed(path, 'http://other.example.com'))).status).toBe(200);
    const host = `${domain}:9002`;
    expect((await get(signed(path, `http://${host}`), { host })).status).toBe(200);
    expect((await get(signed(path, `http://${domain}`), { host })).status).toBe(200);
  });

  it.each([
    ['expired', () => signed(path, `http://${domain}`, 0), 'token expired'],
    [
      'for another host',
      () => signed(path, 'http://evil.example.com'),
      'download token auth failed',
    ],
    [
      'for another object',
      () => signed('/other').replace('/other', path),
      'download token auth failed',
    ],
    [
      'of an unknown key',
      () => signed(path).replace(qiniuKey.accessKeyId, 'NOBODY'),
      'download token auth failed',
    ],
    ['without an end', () => signed(path).replace(/e=\d+&/, ''), 'download token auth failed'],
    [
      'with a later end',
      () => signed(path).replace(/e=(\d+)/, 'e=9$1'),
      'download token auth failed',
    ],
    [
      'with another name to save it as',
      () => signed(`${path}?attname=a`).replace('=a&', '=b&'),
      'download token auth failed',
    ],
  ])('is not served for a link %s', async (_, link, error) => {
    const { status, json } = await get(link());
    expect([status, json]).toEqual([401, { error }]);
  });

  it('is not served for the link of somebody who may not read it', async () => {
    const link = signed(path);
    await core.index.putUserPolicy(core.alice.userId, { name: 'none', document: '{}' });
    const bobs = await startQiniuServer(core, {
      findCredentials: async () => ({
        secretAccessKey: qiniuKey.secretAccessKey,
        caller: core.bob,
      }),
    });
    const { status } = await bobs.send({ method: 'GET', path: link, headers: { host: domain } });
    await bobs.close();
    expect(status).toBe(403);
  });

  it('keeps links for a domain apart from those that name a bucket', async () => {
    // Signed for key "photos/secret" of the domain's bucket; elsewhere that names another object.
    await put('secret', 'x');
    const link = signed('/photos/secret');
    expect((await get(link, { host: 'localhost' })).status).toBe(401);
    expect(
      (await get(signed('/photos/secret', 'http://localhost'), { host: 'localhost' })).status,
    ).toBe(200);
  });

  it('is public again and private again as its owner wants', async () => {
    await openToPublic(core, await bucket());
    expect((await get(path)).status).toBe(200);
    await closeToPublic(core, await bucket());
    expect((await get(path)).status).toBe(401);
  });
});

describe('an object that its bucket gets from an origin', () => {
  it('is served, stored and served again, with Kodo’s hash from then on', async () => {
    let isDown = false;
    const origin = await startOriginServer((request, response) => {
      if (isDown) return response.destroy();
      response.statusCode = request.url === '/pulled.txt' ? 200 : 404;
      response.setHeader('content-type', 'text/plain');
      response.setHeader('last-modified', 'Tue, 05 Dec 2023 10:00:00 GMT');
      return response.end(response.statusCode === 200 ? 'hello' : '');
    });
    await openToPublic(core, await bucket());
    await bucketOrigin.put(core, await bucket(), {
      ...{ kind: 'http', url: origin.url, credentials: null },
      ...{ missTtlMs: 10_000, sizeBytesMax: 2 ** 20 },
    });
    const first = await get('/pulled.txt');
    expect([first.status, first.text]).toEqual([200, 'hello']);
    expect((await get('/missing.txt')).status).toBe(404);
    isDown = true;
    const again = await get('/pulled.txt');
    expect([again.status, again.text]).toEqual([200, 'hello']);
    expect(again.headers.etag).toBe(`"${qetagOfHello}"`);
    expect((await get('/other.txt')).status).toBe(478);
  });
});
