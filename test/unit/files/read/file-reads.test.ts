import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucketPolicy } from '../../../../src/core/access/policy/stored-policies.ts';
import { openToPublic } from '../../../../src/core/access/public-read.ts';
import { createBucket } from '../../../../src/core/buckets.ts';
import { putObject } from '../../../../src/core/put-object.ts';
import { fileToken } from '../../../../src/files/read/anti-steal.ts';
import type { FileReadRules } from '../../../../src/files/read/file-reads.ts';
import { linkSignature } from '../../../../src/files/read/signed-link.ts';
import type { ObjectDescription } from '../../../../src/object-index/records.ts';
import { coreSecretAccessKey } from '../../../support/core-s3-server.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { startTestNode, type TestNode } from '../../../support/embedded-node.ts';
import { closedRules, type FilesServer, startFilesServer } from '../../../support/files-server.ts';
import { incomingContent } from '../../../support/incoming-content.ts';
import { StorageDriver } from '../../../support/storage-driver.ts';

const secret = 'FastDFS1234567890';
const content = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
const antiSteal = { ...closedRules.antiSteal, secret };

let node: TestNode;
let driver: StorageDriver;
let core: TestCore;
const servers: FilesServer[] = [];
const signal = new AbortController().signal;

/** With the same users and objects, but other rules. */
async function serve(rules: Partial<FileReadRules>): Promise<FilesServer> {
  const server = await startFilesServer(core, [node.trackerAddress], rules);
  servers.push(server);
  return server;
}

beforeAll(async () => {
  node = await startTestNode();
  driver = new StorageDriver(await node.connectToStorage());
  core = await createTestCore();
  await createBucket(core, core.alice, 'public', null);
  const bucket = await core.index.findBucket('public');
  if (bucket) await openToPublic(core, bucket);
});

afterAll(async () => {
  for (const server of servers) await server.close();
  await node.remove();
});

/** Stores a file as FastDFS's own clients do: the gateway knows nothing of it. */
async function store(bytes = content, extension = 'jpg'): Promise<string> {
  const name = await driver.upload(bytes, extension);
  if (typeof name === 'number') throw new Error(`status ${name}`);
  return `group1/${name}`;
}

/** An object that is a file of its own, which people know by its ID. */
async function storeObject(
  server: FilesServer,
  bucketName: string,
  key: string,
  headers: ObjectDescription['headers'] = {},
): Promise<string> {
  const bucket = await core.index.findBucket(bucketName);
  if (!bucket) throw new Error(`no bucket ${bucketName}`);
  const { fileId } = await putObject(server.core, {
    ...{ bucket, key, caller: core.alice, signal },
    description: { headers, userMetadata: {} },
    content: incomingContent(content),
    named: { extension: 'jpg' },
  });
  if (fileId === null) throw new Error('not one file');
  return fileId;
}

const get = (server: FilesServer, path: string, init: RequestInit = {}) =>
  fetch(`${server.endpoint}${path}`, { redirect: 'manual', ...init });

const statusOf = async (...args: Parameters<typeof get>) => {
  const response = await get(...args);
  await response.arrayBuffer();
  return response.status;
};

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

const basic = (name: 'ALICE' | 'BOB' | 'ROOT', key = coreSecretAccessKey) => ({
  authorization: `Basic ${Buffer.from(`KEY${name}:${key}`).toString('base64')}`,
});

describe('open to everybody', () => {
  let server: FilesServer;
  let fileId: string;
  let path: string;

  beforeAll(async () => {
    server = await serve({ access: 'open', prefixes: ['fastdfs'], defaultGroup: 'group1' });
    fileId = await store();
    path = `/${fileId}`;
  });

  it('answers what nginx did, an ETag and how long it may be kept', async () => {
    const response = await get(server, path);
    expect(response.status).toBe(200);
    expect(await bytesOf(response)).toEqual(content);
    const { storedAtMs } = server.core.blobs.describeFile(fileId);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/jpeg',
      'content-length': '1000',
      'last-modified': new Date(storedAtMs).toUTCString(),
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=2592000',
      etag: expect.stringMatching(/^"[0-9a-f]{8}-3e8"$/),
    });
    expect(response.headers.has('vary')).toBe(false);
    expect(response.headers.has('set-cookie')).toBe(false);
  });

  it('HEAD says the same and sends nothing', async () => {
    const [whole, head] = [await get(server, path), await get(server, path, { method: 'HEAD' })];
    await whole.arrayBuffer();
    const ofFile = ({ headers }: Response) =>
      [...headers].filter(([name]) => !['connection', 'date', 'keep-alive'].includes(name));
    expect(head.status).toBe(200);
    expect(ofFile(head)).toEqual(ofFile(whole));
    expect(await bytesOf(head)).toHaveLength(0);
  });

  it.each(['//ID', '/fastdfs/ID', '/fastdfs//ID', '/download/ID', '/ID?redirect=1&v=2'])(
    '%s is the same file',
    async (form) => {
      expect(await bytesOf(await get(server, form.replace('ID', fileId)))).toEqual(content);
    },
  );

  it('the default group stands for one that is not named', async () => {
    const response = await get(server, fileId.replace('group1', ''));
    expect(await bytesOf(response)).toEqual(content);
  });

  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-99', 0, 100],
    ['bytes=900-', 900, 1000],
    ['bytes=-100', 900, 1000],
    ['bytes=990-5000', 990, 1000],
  ])('%s', async (range, start, end) => {
    const response = await get(server, path, { headers: { range } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/1000`);
    expect(await bytesOf(response)).toEqual(content.subarray(start, end));
    const head = await get(server, path, { headers: { range }, method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([206, String(end - start)]);
  });

  it('several ranges come in one body', async () => {
    const response = await get(server, path, { headers: { range: 'bytes=0-1,500-502' } });
    expect(response.status).toBe(206);
    const type = response.headers.get('content-type') ?? '';
    const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(type)?.[1];
    const body = await bytesOf(response);
    expect(response.headers.get('content-length')).toBe(String(body.length));
    const head = (range: string) =>
      `\r\n--${boundary}\r\nContent-Type: image/jpeg\r\nContent-Range: bytes ${range}/1000\r\n\r\n`;
    expect(body.toString('latin1')).toBe(
      `${head('0-1')}${content.toString('latin1', 0, 2)}${head('500-502')}${content.toString('latin1', 500, 503)}\r\n--${boundary}--\r\n`,
    );
  });

  it('a range that the file has not is refused, with its size', async () => {
    const response = await get(server, path, { headers: { range: 'bytes=1000-' } });
    expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */1000']);
  });

  it('If-Range lets the range count for the same file only', async () => {
    const etag = (await get(server, path, { method: 'HEAD' })).headers.get('etag') ?? '';
    const ask = (ifRange: string) =>
      statusOf(server, path, { headers: { range: 'bytes=0-9', 'if-range': ifRange } });
    expect(await ask(etag)).toBe(206);
    expect(await ask('"other"')).toBe(200);
    expect(await ask(`W/${etag}`)).toBe(200);
  });

  it('conditions', async () => {
    const head = await get(server, path, { method: 'HEAD' });
    const [etag = '', date = ''] = ['etag', 'last-modified'].map(
      (name) => head.headers.get(name) ?? '',
    );
    const later = new Date(Date.parse(date) + 60_000).toUTCString();
    const ask = (headers: Record<string, string>) => statusOf(server, path, { headers });
    expect(await ask({ 'if-none-match': etag })).toBe(304);
    expect(await ask({ 'if-none-match': `W/${etag}` })).toBe(304);
    expect(await ask({ 'if-none-match': '"other"' })).toBe(200);
    expect(await ask({ 'if-modified-since': date })).toBe(304);
    expect(await ask({ 'if-modified-since': later })).toBe(304);
    expect(await ask({ 'if-match': '"other"' })).toBe(412);
    expect(await ask({ 'if-unmodified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' })).toBe(412);
    const notModified = await get(server, path, { headers: { 'if-none-match': etag } });
    expect(notModified.headers.get('etag')).toBe(etag);
    expect(notModified.headers.get('last-modified')).toBe(date);
    expect(notModified.headers.has('content-length')).toBe(false);
  });

  it('a deleted file is gone for conditions and HEAD too', async () => {
    const deleted = await store();
    const head = await get(server, `/${deleted}`, { method: 'HEAD' });
    await driver.delete(deleted.slice('group1/'.length));
    const headers = { 'if-modified-since': head.headers.get('last-modified') ?? '' };
    expect(await statusOf(server, `/${deleted}`, { headers })).toBe(404);
    expect(await statusOf(server, `/${deleted}`, { method: 'HEAD' })).toBe(404);
    expect(await statusOf(server, `/${deleted}`)).toBe(404);
  });

  it.each([
    ['a file that nobody stored', '/group1/M00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg', 404],
    ['a store path that there is not', '/group1/M7F/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg', 404],
    ['another group', '/group9/M00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg', 404],
    ['lower-case digits', '/group1/M00/0a/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg', 400],
    ['another path', '/nothing/here', 404],
    ['a path out of the directory', '/group1/M00/00/00/..%2f..%2f..%2f..%2fetc%2fpasswd', 400],
  ])('%s', async (_name, wanted, status) => {
    expect(await statusOf(server, wanted)).toBe(status);
    expect(await statusOf(server, wanted, { method: 'HEAD' })).toBe(status);
  });

  it('metadata is not a file', async () => {
    const name = fileId.slice('group1/'.length);
    await driver.setMetadata(name, 'overwrite', { width: '1' });
    expect(await statusOf(server, `${path}-m`)).toBe(404);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('%s is no way to a file', async (method) => {
    const response = await get(server, path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it.each([
    ['filename=a%20b.jpg', `attachment; filename="a b.jpg"; filename*=UTF-8''a%20b.jpg`],
    ['attname=%E4%B8%AD.jpg', `attachment; filename="_.jpg"; filename*=UTF-8''%E4%B8%AD.jpg`],
    [
      'filename=a%0d%0aSet-Cookie:x',
      `attachment; filename="aSet-Cookie:x"; filename*=UTF-8''aSet-Cookie%3Ax`,
    ],
  ])('%s', async (query, disposition) => {
    const response = await get(server, `${path}?${query}`);
    await response.arrayBuffer();
    expect(response.headers.get('content-disposition')).toBe(disposition);
    expect(response.headers.has('set-cookie')).toBe(false);
  });

  it('an empty file', async () => {
    const empty = await store(Buffer.alloc(0), 'txt');
    const response = await get(server, `/${empty}`);
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '0']);
    expect(await statusOf(server, `/${empty}`, { headers: { range: 'bytes=0-' } })).toBe(416);
  });

  it('a large file streams, and so do ranges of it', async () => {
    const large = Buffer.alloc(3_000_000, content);
    const largeId = await store(large, 'bin');
    const isSame = async (response: Response, expected: Buffer) =>
      expected.equals(await bytesOf(response));
    expect(await isSame(await get(server, `/${largeId}`), large)).toBe(true);
    const ranged = await get(server, `/${largeId}`, { headers: { range: 'bytes=5-2500000' } });
    expect(await isSame(ranged, large.subarray(5, 2_500_001))).toBe(true);
  });

  it('a part of an FLV video has a header of its own', async () => {
    const video = await store(content, 'flv');
    const part = await get(server, `/${video}?start=100&end=200`);
    const body = await bytesOf(part);
    expect([part.status, part.headers.get('content-length')]).toEqual([200, '113']);
    expect(body.toString('hex', 0, 13)).toBe('464c5601010000000900000009');
    expect(body.subarray(13)).toEqual(content.subarray(100, 200));
    expect(await bytesOf(await get(server, `/${video}?start=0`))).toEqual(content);
    expect(await statusOf(server, `/${video}?start=1000`)).toBe(400);
  });

  it('a slave is a file of its own, with size and time of its own', async () => {
    const master = await store();
    expect(await statusOf(server, `/${master.replace('.jpg', '_150x150.jpg')}`)).toBe(404);
    const slave = await driver.uploadSlave(
      master.slice('group1/'.length),
      '_150x150',
      content.subarray(0, 10),
    );
    const response = await get(server, `/group1/${slave}`);
    expect(await bytesOf(response)).toEqual(content.subarray(0, 10));
    expect(response.headers.get('cache-control')).toBe('public, max-age=2592000');
    const { modifiedAtMs } = await server.core.blobs.statFile(`group1/${slave}`, { signal });
    expect(response.headers.get('last-modified')).toBe(new Date(modifiedAtMs).toUTCString());
  });

  it('an appender file is looked at anew each time', async () => {
    const name = await driver.uploadAppender(content, 'log');
    const first = await get(server, `/group1/${name}`);
    expect(await bytesOf(first)).toEqual(content);
    expect(first.headers.get('cache-control')).toBe('no-cache');
    expect(first.headers.get('etag')).toMatch(/^W\//);
    await driver.append(String(name), content);
    const second = await get(server, `/group1/${name}`);
    expect(await bytesOf(second)).toEqual(Buffer.concat([content, content]));
    expect(second.headers.get('etag')).not.toBe(first.headers.get('etag'));
  });

  it('health is told apart from files', async () => {
    expect(await statusOf(server, '/status.html')).toBe(200);
    expect(await statusOf(server, '/healthz')).toBe(200);
    const ready = await get(server, '/readyz');
    expect([ready.status, ready.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const checks = ['gateway', 'index', 'trackers', 'storage'].map((name) => ({ name, ok: true }));
    expect(await ready.json()).toEqual({ ready: true, checks });
  });

  it('errors come as a page, or as JSON for programs', async () => {
    const page = await get(server, '/nothing/here');
    expect(page.headers.get('content-type')).toMatch('text/html');
    expect(page.headers.get('cache-control')).toBe('no-store');
    const json = await get(server, '/nothing/here', { headers: { accept: 'application/json' } });
    expect(await json.json()).toMatchObject({ code: 404, success: false });
  });
});

describe('closed', () => {
  let server: FilesServer;

  beforeAll(async () => {
    server = await serve({});
  });

  it('a file that is nobody`s object is read by root alone', async () => {
    const path = `/${await store()}`;
    expect(await statusOf(server, path)).toBe(403);
    expect(await statusOf(server, path, { headers: basic('ALICE') })).toBe(403);
    const response = await get(server, path, { headers: basic('ROOT') });
    expect(await bytesOf(response)).toEqual(content);
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
  });

  it('an object is read by whoever may read it by its key', async () => {
    const path = `/${await storeObject(server, 'photos', 'a.jpg')}`;
    expect(await statusOf(server, path)).toBe(403);
    expect(await statusOf(server, path, { headers: basic('BOB') })).toBe(403);
    expect(await statusOf(server, path, { headers: basic('ALICE') })).toBe(200);
    const appHeaders = { 'x-app-id': 'KEYALICE', 'x-app-key': coreSecretAccessKey };
    expect(await statusOf(server, path, { headers: appHeaders })).toBe(200);
  });

  it('wrong credentials are refused alike', async () => {
    const path = `/${await storeObject(server, 'photos', 'a.jpg')}`;
    const wrong = [
      basic('ALICE', 'wrong'),
      { authorization: `Basic ${Buffer.from('NOBODY:x').toString('base64')}` },
      { authorization: 'Basic !' },
      { 'x-app-id': 'KEYALICE' },
    ];
    for (const headers of wrong) {
      const response = await get(server, path, { headers });
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([
        401,
        expect.stringMatching(/^Basic/),
      ]);
    }
  });

  it('a public object is for everybody, with the type that it was stored with', async () => {
    const fileId = await storeObject(server, 'public', 'a', {
      'content-type': 'image/x-special',
      'content-language': 'zh',
    });
    const response = await get(server, `/${fileId}`);
    expect(await bytesOf(response)).toEqual(content);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/x-special',
      'content-language': 'zh',
      'cache-control': 'public, max-age=2592000',
    });
  });

  it('a file that is public under conditions is kept by no cache', async () => {
    await createBucket(core, core.alice, 'conditional', null);
    const bucket = await core.index.findBucket('conditional');
    if (!bucket) throw new Error('no bucket');
    await openToPublic(core, bucket);
    const open = await core.index.findBucket('conditional');
    const { text = '' } = (open && bucketPolicy.of(open)) ?? {};
    const policy = JSON.parse(text) as { Statement: object[] };
    const Condition = { StringLike: { 'aws:Referer': 'https://example.com/*' } };
    policy.Statement = policy.Statement.map((statement) => ({ ...statement, Condition }));
    await core.index.setBucketSetting(bucket.id, 'policy', JSON.stringify(policy));
    const path = `/${await storeObject(server, 'conditional', 'a')}`;
    expect(await statusOf(server, path)).toBe(403);
    const response = await get(server, path, { headers: { referer: 'https://example.com/page' } });
    expect(await bytesOf(response)).toEqual(content);
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
  });

  it('credentials that were meant for a proxy are in nobody`s way to what is public', async () => {
    const path = `/${await storeObject(server, 'public', 'behind-basic')}`;
    expect(await statusOf(server, path, { headers: basic('ALICE', 'wrong') })).toBe(200);
  });

  it('what was deleted or replaced by its key is gone', async () => {
    const first = await storeObject(server, 'public', 'b');
    const second = await storeObject(server, 'public', 'b');
    expect(await statusOf(server, `/${first}`)).toBe(404);
    expect(await statusOf(server, `/${second}`)).toBe(200);
    const bucket = await core.index.findBucket('public');
    await core.index.deleteObjects(bucket?.id ?? 0, ['b']);
    expect(await statusOf(server, `/${second}`)).toBe(404);
    expect(await statusOf(server, `/${second}`, { headers: basic('ROOT') })).toBe(404);
  });

  it('is shown as its object says, not as a copy does', async () => {
    const fileId = await storeObject(server, 'public', 'original', {
      'content-type': 'image/jpeg',
    });
    const bucket = await core.index.findBucket('public');
    if (!bucket) throw new Error('no bucket');
    const description = { headers: { 'content-type': 'text/html' }, userMetadata: {} };
    // Before the other one in the order of their keys.
    const copied = await core.index.copyObject({
      ...{ source: { bucketId: bucket.id, key: 'original' }, description, lastModifiedMs: 0 },
      ...{ destination: { bucketId: bucket.id, key: 'a copy' }, ownerId: core.alice.userId },
      sourceObjectId: (await core.index.findObject(bucket.id, 'original'))?.id ?? 0,
    });
    expect(copied.outcome).toBe('stored');
    const response = await get(server, `/${fileId}`);
    await response.arrayBuffer();
    expect(response.headers.get('content-type')).toBe('image/jpeg');
  });

  it('a disabled object is read by nobody', async () => {
    const fileId = await storeObject(server, 'public', 'disabled');
    const bucket = await core.index.findBucket('public');
    await core.index.changeObject({
      ...{ bucketId: bucket?.id ?? 0, key: 'disabled', versionId: null },
      change: { kodo: { isDisabled: true } },
    });
    expect(await statusOf(server, `/${fileId}`)).toBe(403);
    expect(await statusOf(server, `/${fileId}`, { headers: basic('ALICE') })).toBe(403);
  });

  describe('links', () => {
    const link = (fileId: string, expires: number, key = coreSecretAccessKey, app = 'KEYALICE') =>
      `/${fileId}?app_id=${app}&expires=${expires}&signature=${linkSignature(fileId, expires, key)}`;
    const nowS = () => Math.floor(core.now() / 1000);

    it('are good until they end', async () => {
      const fileId = await storeObject(server, 'photos', 'link.jpg');
      const response = await get(server, link(fileId, nowS() + 60));
      expect(await bytesOf(response)).toEqual(content);
      expect(response.headers.get('cache-control')).toBe('private, max-age=60');
      expect(await statusOf(server, link(fileId, nowS()))).toBe(403);
      expect(await statusOf(server, link(fileId, nowS() + 8 * 86_400))).toBe(403);
    });

    it('cannot be made for others, or changed', async () => {
      const fileId = await storeObject(server, 'photos', 'link.jpg');
      const good = link(fileId, nowS() + 60);
      expect(await statusOf(server, good.replace('ALICE', 'BOB'))).toBe(403);
      expect(await statusOf(server, link(fileId, nowS() + 60, 'wrong'))).toBe(403);
      expect(await statusOf(server, good.replace(/expires=\d+/, `expires=${nowS() + 61}`))).toBe(
        403,
      );
      const other = await storeObject(server, 'photos', 'other.jpg');
      expect(await statusOf(server, good.replace(fileId, other))).toBe(403);
      const bobs = link(fileId, nowS() + 60, coreSecretAccessKey, 'KEYBOB');
      expect(await statusOf(server, bobs)).toBe(403);
    });
  });
});

describe('tokens', () => {
  const tokened = (fileId: string, ts: number, key = secret) =>
    `/${fileId}?token=${fileToken(fileId.replace('group1/', ''), key, BigInt(ts))}&ts=${ts}`;
  const nowS = () => Math.floor(core.now() / 1000);

  it('open every file of the cluster, for the one who has them', async () => {
    const server = await serve({ antiSteal });
    const fileId = await store();
    const response = await get(server, tokened(fileId, nowS()));
    expect(await bytesOf(response)).toEqual(content);
    expect(response.headers.get('cache-control')).toBe('private, max-age=600');
    expect(await statusOf(server, tokened(fileId, 0))).toBe(200);
    expect(await statusOf(server, tokened(fileId, nowS() - 601))).toBe(400);
    expect(await statusOf(server, tokened(fileId, nowS(), 'wrong'))).toBe(400);
    expect(await statusOf(server, `/${fileId}`)).toBe(400);
    expect(await statusOf(server, `/${fileId}?ts=0`)).toBe(400);
    const byGroup = fileToken(fileId, secret, 0n);
    expect(await statusOf(server, `/${fileId}?token=${byGroup}&ts=0`)).toBe(400);
  });

  it('do not open what was deleted', async () => {
    const server = await serve({ antiSteal });
    const fileId = await storeObject(server, 'photos', 'gone.jpg');
    expect(await statusOf(server, tokened(fileId, 0))).toBe(200);
    await core.index.deleteObjects(core.bucket.id, ['gone.jpg']);
    expect(await statusOf(server, tokened(fileId, 0))).toBe(404);
  });

  it('a group has its own secret', async () => {
    const server = await serve({
      antiSteal: { ...antiSteal, groupSecrets: new Map([['group1', 'own']]) },
    });
    const fileId = await store();
    expect(await statusOf(server, tokened(fileId, 0, 'own'))).toBe(200);
    expect(await statusOf(server, tokened(fileId, 0))).toBe(400);
  });

  it('a wrong one shows something else, which no cache keeps', async () => {
    const substitute = { content: Buffer.from('no'), contentType: 'image/png' };
    const server = await serve({ substitute, antiSteal: { ...antiSteal, hasSubstitute: true } });
    const fileId = await store();
    const response = await get(server, tokened(fileId, 0, 'wrong'));
    expect(await response.text()).toBe('no');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await statusOf(server, `/${fileId}`)).toBe(400);
  });

  it('a header makes up for them', async () => {
    const bypass = { name: 'x-inside', value: 'let me in' };
    const server = await serve({ antiSteal: { ...antiSteal, bypass } });
    const fileId = await store();
    const ask = (value: string) =>
      statusOf(server, `/${fileId}`, { headers: { 'x-inside': value } });
    expect(await ask('let me in')).toBe(200);
    expect(await ask('let me')).toBe(400);
  });
});

describe('others send the bytes', () => {
  it('the nginx in front', async () => {
    const handingOver = { mode: 'accel', prefix: '/inner' } as const;
    const server = await serve({ handingOver, access: 'open' });
    const fileId = await store();
    const response = await get(server, `/${fileId}?filename=a.jpg`);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-accel-redirect': `/inner/${fileId}?filename=a.jpg`,
      'content-type': 'image/jpeg',
      'content-disposition': expect.stringContaining('a.jpg'),
      'cache-control': 'public, max-age=2592000',
    });
    expect(await bytesOf(response)).toHaveLength(0);
    expect(await bytesOf(await get(server, `/${fileId}?redirect=1`))).toEqual(content);
  });

  it('the nginx of a storage server, which gets a token of its own', async () => {
    const handingOver = { mode: 'redirect', base: 'http://{host}:8888' } as const;
    const server = await serve({ handingOver, antiSteal });
    const fileId = await storeObject(server, 'public', 'redirected');
    const response = await get(server, `/${fileId}`);
    const ts = Math.floor(core.now() / 1000);
    const token = fileToken(fileId.replace('group1/', ''), secret, BigInt(ts));
    const { host } = node.storageAddress;
    expect([response.status, response.headers.get('location')]).toEqual([
      302,
      `http://${host}:8888/${fileId}?token=${token}&ts=${ts}`,
    ]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const missing = fileId.replace('/M00/', '/M01/');
    expect(await statusOf(server, `/${missing}`, { headers: basic('ROOT') })).toBe(404);
  });
});

describe('pages of other origins', () => {
  it('may read files where a setting says so', async () => {
    const server = await serve({ access: 'open', allowedOrigin: '*' });
    const path = `/${await store()}`;
    const response = await get(server, path, { headers: { origin: 'https://example.com' } });
    await response.arrayBuffer();
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.has('vary')).toBe(false);
    const preflight = await get(server, path, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD');
  });

  it('are not mentioned otherwise', async () => {
    const server = await serve({ access: 'open' });
    const path = `/${await store()}`;
    const response = await get(server, path, { headers: { origin: 'https://example.com' } });
    await response.arrayBuffer();
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
    expect(await statusOf(server, path, { method: 'OPTIONS' })).toBe(405);
  });
});

it('a cluster that is down is 502, after which proxies go on to the next gateway', async () => {
  const gone = await startTestNode();
  const driverOfGone = new StorageDriver(await gone.connectToStorage());
  const name = await driverOfGone.upload(content, 'jpg');
  const server = await startFilesServer(core, [gone.trackerAddress], { access: 'open' });
  servers.push(server);
  expect(await statusOf(server, `/group1/${name}`)).toBe(200);
  await gone.remove();
  expect(await statusOf(server, `/group1/${name}`)).toBe(502);
  expect(await statusOf(server, `/group1/${name}`, { method: 'HEAD' })).toBe(502);
  const ready = await get(server, '/readyz');
  expect(ready.status).toBe(502);
  const body = await ready.text();
  expect(JSON.parse(body)).toMatchObject({ ready: false });
  expect(body).not.toContain('127.0.0.1');
  expect(await statusOf(server, '/healthz')).toBe(200);
});
