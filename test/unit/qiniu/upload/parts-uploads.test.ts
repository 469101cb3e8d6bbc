import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keylessUploadsKeptMs } from '../../../../src/core/multipart/keyless-uploads.ts';
import { encodeUrlSafe } from '../../../../src/qiniu/encodings.ts';
import vectors from '../../../fixtures/qiniu/qetag.json' with { type: 'json' };
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { nineMiB } from '../../../support/qiniu-captures.ts';
import {
  otherQiniuKeyId,
  type QiniuServer,
  startQiniuServer,
} from '../../../support/qiniu-server.ts';
import { uploadToken } from '../../../support/qiniu-uploads.ts';

const mib = 1024 ** 2;
const composite = vectors.composite.find(
  ({ partSize, size }) => partSize === 5 * mib && size === 9 * mib,
);

let core: TestCore;
let server: QiniuServer;
beforeEach(async () => {
  core = await createTestCore({ replayBufferSizeBytes: 64 * 1024 });
  server = await startQiniuServer(core);
});
afterEach(async () => {
  await server.close();
  await core.index.close();
});

interface Sent {
  readonly method?: string;
  readonly body?: string | Buffer;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const pathOf = (key: string | null) =>
  `/buckets/photos/objects/${key === null ? '~' : encodeUrlSafe(key)}/uploads`;

function send(path: string, { method = 'POST', body = '', token, headers = {} }: Sent = {}) {
  const authorization = `UpToken ${token ?? uploadToken({ scope: 'photos' })}`;
  return server.send({ method, path, headers: { authorization, ...headers }, body });
}

async function initiate(key: string | null = 'a'): Promise<string> {
  const { status, json } = await send(pathOf(key));
  expect(status).toBe(200);
  return `${pathOf(key)}/${(json as { uploadId: string }).uploadId}`;
}

/** Gives what completes an upload of these parts. */
async function putParts(upload: string, parts: Readonly<Record<number, Buffer>>) {
  const listed: { partNumber: number; etag: string }[] = [];
  for (const [partNumber, body] of Object.entries(parts)) {
    const answer = await send(`${upload}/${partNumber}`, { method: 'PUT', body });
    const md5 = createHash('md5').update(body).digest('hex');
    expect(answer).toMatchObject({ status: 200, json: { md5 } });
    listed.push({ partNumber: Number(partNumber), etag: (answer.json as { etag: string }).etag });
  }
  return listed;
}

const complete = (upload: string, document: object, more: Sent = {}) =>
  send(upload, { body: JSON.stringify(document), ...more });

describe('an upload in parts', () => {
  it('becomes an object, with gaps between its parts and the hash of its parts', async () => {
    const upload = await initiate();
    const parts = await putParts(upload, {
      7: nineMiB.subarray(5 * mib),
      2: nineMiB.subarray(0, 5 * mib),
    });
    expect(parts.map(({ etag }) => etag)).toEqual(composite?.partEtags);
    const answer = await complete(upload, {
      PARTS: parts,
      MetaData: { 'x-qn-meta-color': 'red' },
      customVars: { 'x:u': 'v' },
      fname: 'nine.mp4',
      contentDisposition: 'inline',
    });
    expect(answer).toMatchObject({ status: 200, json: { hash: composite?.qetag, key: 'a' } });
    expect(await core.index.findObject(core.bucket.id, 'a')).toMatchObject({
      size: 9 * mib,
      qetag: composite?.qetag,
      etag: expect.stringMatching(/^[0-9a-f]{32}-2$/),
      headers: { 'content-type': 'video/mp4', 'content-disposition': 'inline' },
      userMetadata: { color: 'red' },
      partCount: 2,
    });
    expect(await core.queued()).toEqual([]);
  });

  it('is listed page by page until it is completed, and never by S3', async () => {
    const upload = await initiate();
    const small = Buffer.from('hello kodo\n');
    await putParts(upload, { 1: small, 3: small });
    const first = await send(`${upload}?max-parts=1`, { method: 'GET' });
    const uploadId = upload.split('/').at(-1);
    const putTime = Math.floor(core.clock.nowMs / 1000);
    const part = { size: 11, etag: 'FjeKp4tuHkncdkJw0P6LcogWDgrh', putTime };
    expect(first.json).toEqual({
      uploadId,
      expireAt: Math.floor((core.clock.nowMs + keylessUploadsKeptMs) / 1000),
      partNumberMarker: 1,
      parts: [{ partNumber: 1, ...part }],
    });
    const rest = await send(`${upload}?max-parts=2&part-number-marker=1`, { method: 'GET' });
    expect(rest.json).toMatchObject({ partNumberMarker: 0, parts: [{ partNumber: 3, ...part }] });
    const listed = await core.index.listUploads({
      ...{ bucketId: core.bucket.id, prefix: '', delimiter: '' },
      ...{ keyMarker: '', uploadIdMarker: '', limit: 10 },
    });
    expect(listed.uploads).toEqual([]);
    expect((await send(`${upload}?max-parts=x`, { method: 'GET' })).status).toBe(400);
  });

  it('repeats its answer to a client that completes it twice', async () => {
    const upload = await initiate(null);
    const parts = await putParts(upload, { 1: nineMiB.subarray(0, mib) });
    const returnBody = '{"k":$(key),"s":$(fsize),"m":$(mimeType)}';
    const token = uploadToken({ scope: 'photos', returnBody });
    const first = await complete(upload, { parts, mimeType: 'a/b' }, { token });
    expect(first).toMatchObject({ status: 200, json: { s: mib, m: 'a/b' } });
    expect(await complete(upload, { parts, mimeType: 'a/b' }, { token })).toMatchObject({
      status: 200,
      json: first.json,
    });
    const other = [{ partNumber: 1, etag: 'FjeKp4tuHkncdkJw0P6LcogWDgrh' }];
    expect(await complete(upload, { parts: other })).toMatchObject({
      status: 612,
      json: { error: 'no such uploadId' },
    });
  });

  it('without parts becomes an empty object, under an empty key too', async () => {
    const upload = await initiate('');
    expect(upload).toContain('/objects//uploads/');
    const answer = await complete(upload, { parts: [] });
    expect(answer.json).toEqual({ hash: 'Fto5o-5ea0sNMlW_75VgGJCv2AcJ', key: '' });
    const object = await core.index.findObject(core.bucket.id, '');
    expect(object).toMatchObject({
      size: 0,
      etag: createHash('md5').digest('hex'),
      partCount: null,
    });
  });

  it('is gone once it was aborted, with its files', async () => {
    const upload = await initiate();
    const parts = await putParts(upload, { 1: Buffer.from('x') });
    expect(await send(upload, { method: 'DELETE' })).toMatchObject({ status: 200, json: {} });
    expect(await core.queued()).toHaveLength(1);
    for (const again of [
      await send(upload, { method: 'DELETE' }),
      await send(upload, { method: 'GET' }),
      await send(`${upload}/1`, { method: 'PUT', body: 'x' }),
      await complete(upload, { parts }),
    ]) {
      expect(again).toMatchObject({ status: 612, json: { error: 'no such uploadId' } });
      expect(again.headers['access-control-allow-origin']).toBe('*');
    }
  });

  it('is over after some days', async () => {
    const upload = await initiate();
    core.clock.nowMs += keylessUploadsKeptMs + 1;
    expect((await send(`${upload}/1`, { method: 'PUT', body: 'x' })).status).toBe(612);
  });

  it('leaves an object with the same content alone, and fails for another one', async () => {
    const body = nineMiB.subarray(0, mib);
    for (const [content, status] of [
      [body, 200],
      [body, 200],
      [Buffer.from('other'), 614],
    ] as const) {
      const upload = await initiate();
      const answer = await complete(upload, { parts: await putParts(upload, { 1: content }) });
      expect(answer.status).toBe(status);
    }
    expect((await core.index.findObject(core.bucket.id, 'a'))?.size).toBe(mib);
    expect(await core.queued()).toHaveLength(1);
  });
});

describe('refused', () => {
  it.each([
    ['a part that is not there', [{ partNumber: 2, etag: 'x' }], 400, 'invalid part'],
    ['a part with another hash', [{ partNumber: 1, etag: 'x' }], 400, 'invalid part'],
    [
      'parts out of order',
      [
        { partNumber: 2, etag: 'x' },
        { partNumber: 1, etag: 'x' },
      ],
      400,
      'invalid part order',
    ],
    ['what is no list', 'x', 400, 'invalid argument: parts'],
    ['what is no part', [null], 400, 'invalid argument: body'],
  ])('is %s', async (_what, parts, status, error) => {
    const upload = await initiate();
    await putParts(upload, { 1: Buffer.from('x') });
    expect(await complete(upload, { parts })).toMatchObject({ status, json: { error } });
    expect(await core.keys()).toEqual([]);
  });

  it('are small parts but the last one', async () => {
    const upload = await initiate();
    const parts = await putParts(upload, { 1: Buffer.from('x'), 2: Buffer.from('y') });
    expect((await complete(upload, { parts })).status).toBe(400);
    expect((await complete(upload, { parts: parts.slice(1) })).status).toBe(200);
  });

  it.each([
    ['md5 of other bytes', { 'content-md5': '0'.repeat(32) }, 'unmatched checksum'],
    ['md5 as HTTP has it', { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }, 'invalid Content-MD5'],
  ])('is a part with the %s', async (_what, headers, error) => {
    const upload = await initiate();
    const answer = await send(`${upload}/1`, { method: 'PUT', body: 'x', headers });
    expect(answer).toMatchObject({ status: 400, json: { error } });
    expect(core.blobs.files.size).toBe(0);
  });

  it.each([
    ['another bucket than the scope', '/buckets/other/objects/YQ==/uploads', {}, 403],
    ['a key out of the scope', pathOf('b'), { scope: 'photos:a' }, 403],
    ['a key that is no base64', '/buckets/photos/objects/!/uploads', {}, 400],
    [
      'a bucket that is not there',
      '/buckets/nowhere/objects/YQ==/uploads',
      { scope: 'nowhere' },
      631,
    ],
  ])('is %s', async (_what, path, policy, status) => {
    const token = uploadToken({ scope: 'photos', ...policy });
    expect((await send(path, { token })).status).toBe(status);
  });

  it('is whoever may not write there', async () => {
    const token = uploadToken({ scope: 'photos' }, otherQiniuKeyId);
    expect((await send(pathOf('a'), { token })).status).toBe(403);
    expect((await send(pathOf(null), { token })).status).toBe(403);
  });

  it.each([
    '',
    'no json',
    '[]',
    '{"parts":[],"fname":1}',
    '{"parts":[],"metadata":[]}',
    '{"parts":[],"customVars":{"x:a":1}}',
  ])('is the document %j', async (body) => {
    const upload = await initiate();
    expect((await send(upload, { body })).status).toBe(400);
  });

  it('is a part number that is none', async () => {
    const upload = await initiate();
    for (const number of ['0', '10001', 'x']) {
      expect((await send(`${upload}/${number}`, { method: 'PUT', body: 'x' })).status).toBe(400);
    }
  });
});

it('keeps the class of storage that the token asks for', async () => {
  const token = uploadToken({ scope: 'photos', fileType: 2, endUser: 'u' });
  const { json } = await send(pathOf('a'), { token });
  const upload = `${pathOf('a')}/${(json as { uploadId: string }).uploadId}`;
  expect((await complete(upload, { parts: [] }, { token })).status).toBe(200);
  expect(await core.index.findObject(core.bucket.id, 'a')).toMatchObject({
    headers: { 'x-amz-storage-class': 'GLACIER' },
    kodo: { endUser: 'u' },
  });
});
