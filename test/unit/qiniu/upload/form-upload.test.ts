import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeUrlSafe } from '../../../../src/qiniu/encodings.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import {
  otherQiniuKeyId,
  type QiniuServer,
  startQiniuServer,
} from '../../../support/qiniu-server.ts';
import {
  formRequest,
  patternBytes,
  type TestFormPart,
  uploadToken,
} from '../../../support/qiniu-uploads.ts';

const content = Buffer.from('hello kodo\n');
const qetag = 'FjeKp4tuHkncdkJw0P6LcogWDgrh';
const crc32 = '836152152';

let core: TestCore;
let server: QiniuServer;
beforeEach(async () => {
  core = await createTestCore();
  server = await startQiniuServer(core);
});
afterEach(async () => {
  await server.close();
  await core.index.close();
});

const file = (
  value: string | Buffer = content,
  more: Partial<TestFormPart> = {},
): TestFormPart => ({
  ...{ name: 'file', value, fileName: 'hello world.txt', type: 'application/octet-stream' },
  ...more,
});

/** Sends a form of these parts with a token for that policy before them. */
function upload(
  policy: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<string, string>> = {},
  sent: TestFormPart = file(),
) {
  const named = Object.entries(fields).map(([name, value]) => ({ name, value }));
  const token = { name: 'token', value: uploadToken({ scope: 'photos', ...policy }) };
  return server.send(formRequest([token, ...named, sent]));
}

async function stored(key: string) {
  const object = await core.index.findObject(core.bucket.id, key);
  if (!object) throw new Error(`no object ${key}`);
  return object;
}

it('stores what a form brings and answers with its hash and key', async () => {
  const answer = await upload(
    { endUser: 'u1', fileType: 1, deleteAfterDays: 3 },
    { key: 'dir/七 牛.txt', 'x:user': 'u1', 'x-qn-meta-Color': '红', cacheControl: 'max-age=5' },
    file(content, { type: 'text/x-log' }),
  );
  expect(answer).toMatchObject({
    status: 200,
    json: { hash: qetag, key: 'dir/七 牛.txt' },
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'X-Log, X-Reqid',
    },
  });
  expect(answer.headers['x-reqid']).toMatch(/^[0-9A-F]{16}$/);
  expect(await stored('dir/七 牛.txt')).toMatchObject({
    size: 11,
    etag: '62a24a568101db1e4df278cf96c40082',
    qetag,
    ownerId: core.alice.userId,
    headers: {
      'content-type': 'text/x-log',
      'cache-control': 'max-age=5',
      'x-amz-storage-class': 'STANDARD_IA',
    },
    userMetadata: { color: Buffer.from('红').toString('latin1') },
    kodo: { endUser: 'u1' },
    // 2024-01-01 08:00 in China, and three days rounded up.
    expiresAtMs: Date.parse('2024-01-05T00:00:00+08:00'),
  });
});

describe('the order of its parts', () => {
  const token = { name: 'token', value: uploadToken({ scope: 'photos' }) };
  const key = { name: 'key', value: 'a' };
  it.each([
    [
      'token, key, file, crc32, as Node sends it',
      [token, key, file(), { name: 'crc32', value: crc32 }],
    ],
    ['file first, as browsers send it', [file(), token, key, { name: 'crc32', value: crc32 }]],
    ['file first and token last, as Java sends it', [file(), key, token]],
    ['key, token, file, as Go sends it', [key, token, file()]],
    ['a file without a name', [token, key, { name: 'file', value: content }]],
    [
      'other fields and files',
      [{ name: 'other', value: 'x' }, file('x', { name: 'f2' }), token, key, file()],
    ],
    [
      'fields that come twice',
      [token, key, { name: 'key', value: 'b' }, file(), { ...token, value: 'x' }],
    ],
  ])('may be %s', async (_what, parts) => {
    const answer = await server.send(formRequest(parts));
    expect(answer).toMatchObject({ status: 200, json: { hash: qetag, key: 'a' } });
    expect(await core.keys()).toEqual(['a']);
  });

  it('may be sent in chunks, of any size', async () => {
    const big = patternBytes(300_000);
    const { body, headers } = formRequest([file(big), token, key]);
    const answer = await server.send({
      path: '/',
      headers: { ...headers, 'transfer-encoding': 'chunked', expect: '100-continue' },
      body,
    });
    expect(answer.status).toBe(200);
    expect((await stored('a')).size).toBe(300_000);
  });
});

describe('the key', () => {
  it.each<[string, object, Readonly<Record<string, string>>, string]>([
    ['none', {}, {}, qetag],
    ['empty', {}, { key: '' }, ''],
    ['of the scope', { scope: 'photos:k' }, {}, 'k'],
    [
      'of the template',
      { saveKey: '$(year)/$(mon)/$(day)/$(hour)/$(etag)$(ext)' },
      {},
      `2024/01/01/08/${qetag}.txt`,
    ],
    [
      'forced',
      { saveKey: '$(x:u)/$(fname)', forceSaveKey: true },
      { key: 'a', 'x:u': 'u' },
      'u/hello world.txt',
    ],
  ])('is %s', async (_what, policy, fields, key) => {
    expect((await upload({ ...policy }, fields)).json).toEqual({ hash: qetag, key });
    expect((await stored(key)).size).toBe(11);
  });

  it.each([
    [{ scope: 'photos:k' }, { key: 'other' }, 403, "key doesn't match with scope"],
    [
      { scope: 'photos:dir/', isPrefixalScope: 1 },
      { key: 'dir' },
      403,
      "key doesn't match with scope",
    ],
    [{}, { key: 'x'.repeat(751) }, 400, 'key is too long'],
    [{ keylimit: ['a'] }, {}, 403, "key doesn't match with scope"],
  ])('%j refuses %j', async (policy, fields, status, error) => {
    expect(await upload(policy, fields)).toMatchObject({ status, json: { error } });
    expect(await core.keys()).toEqual([]);
    expect(core.spool.usedBytes).toBe(0);
  });
});

describe('an object that is there', () => {
  beforeEach(async () => {
    await upload({}, { key: 'a' });
  });

  it.each<[object, string, number]>([
    [{}, 'other', 614],
    [{}, 'same', 200],
    [{ scope: 'photos:a' }, 'other', 200],
    [{ scope: 'photos:a', insertOnly: 1 }, 'other', 614],
    [{ scope: 'photos:a', insertOnly: 1 }, 'same', 200],
    [{ scope: 'photos:a', isPrefixalScope: 1 }, 'other', 614],
  ])('with %j and %s content gives %i', async (policy, kind, status) => {
    const before = await stored('a');
    const value = kind === 'same' ? content : 'other';
    const answer = await upload({ ...policy }, { key: 'a' }, file(value));
    expect(answer.status).toBe(status);
    if (status === 614) expect(answer.json).toEqual({ error: 'file exists' });
    const isReplaced = status === 200 && kind === 'other';
    expect((await stored('a')).id !== before.id).toBe(isReplaced);
    // What is not needed any more, old or new, waits for its deletion.
    expect(await core.queued()).toHaveLength(1);
  });

  it('is one of two that come at once, and another one fails', async () => {
    const answers = await Promise.all(
      ['one', 'two', 'one'].map((value) => upload({}, { key: 'b' }, file(value))),
    );
    const statuses = answers.map(({ status }) => status);
    const isOne = statuses[0] === 200;
    expect(statuses).toEqual(isOne ? [200, 614, 200] : [614, 200, 614]);
    const { qetag: hash } = await stored('b');
    expect(answers[isOne ? 0 : 1]?.json).toEqual({ hash, key: 'b' });
  });

  it('that came in by S3 is compared by its content, too', async () => {
    const object = await stored('a');
    await core.index.changeObject({
      ...{ bucketId: object.bucketId, key: 'a', versionId: null, change: { qetag: null } },
    });
    expect((await upload({}, { key: 'a' })).status).toBe(200);
    expect((await stored('a')).qetag).toBe(qetag);
    expect((await upload({}, { key: 'a' }, file('hello KODO\n'))).status).toBe(614);
  });
});

describe('limits', () => {
  it.each([
    [{ fsizeLimit: 10 }, {}, 413, 'request entity size exceeds FsizeLimit'],
    [{ fsizeMin: 12 }, {}, 403, 'request entity size is smaller than FsizeMin'],
    [{ mimeLimit: 'image/*' }, {}, 403, 'limited mimeType: this file type is forbidden to upload'],
    [{ persistentOps: 'x' }, {}, 400, 'persistentOps is not supported by this gateway'],
    [{ scope: '' }, {}, 400, 'scope not specified'],
    [{ scope: 'nowhere' }, {}, 631, 'no such bucket'],
    [{ deadline: 1 }, {}, 401, 'expired token'],
    [{}, { crc32: '1' }, 406, 'checksum does not match'],
    [{}, { crc32: 'x' }, 400, 'invalid crc32'],
    [{}, { 'x-qn-meta-a': 'x'.repeat(1024) }, 400, 'metadata is too large'],
    [{}, { 'x-qn-meta-a b': 'x' }, 400, 'invalid metadata name'],
    [{}, { 'x-qn-meta-a': 'x\r\ny: z' }, 400, 'invalid value of x-qn-meta-a'],
  ])('%j and %j give %i', async (policy, fields, status, error) => {
    expect(await upload(policy, fields)).toMatchObject({ status, json: { error } });
    expect(await core.keys()).toEqual([]);
    expect(core.spool.usedBytes).toBe(0);
  });

  it('end a large form early', async () => {
    const answer = await upload({ fsizeLimit: 5 }, {}, file(patternBytes(3 * 1024 ** 2)));
    expect(answer).toMatchObject({ status: 413 });
    expect(core.blobs.files.size).toBe(0);
  });
});

describe('who may', () => {
  it.each([
    ['no token', [file()], 'token not specified'],
    ['no real token', [{ name: 'token', value: 'x' }, file()], 'bad token'],
    [
      'an unknown access key',
      [file(), { name: 'token', value: uploadToken({ scope: 'photos' }, 'NOBODY') }],
      'bad token',
    ],
  ])('is nobody with %s', async (_what, parts, error) => {
    const answer = await server.send(formRequest(parts));
    expect(answer).toMatchObject({ status: 401, json: { error } });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(core.spool.usedBytes).toBe(0);
  });

  it('is nobody whose user may not write there', async () => {
    const token = uploadToken({ scope: 'photos' }, otherQiniuKeyId);
    const answer = await server.send(formRequest([{ name: 'token', value: token }, file()]));
    expect(answer).toMatchObject({ status: 403, json: { error: 'access denied' } });
    expect(await core.keys()).toEqual([]);
  });

  it('is nobody whose token ends while the form is sent', async () => {
    const deadline = Math.floor(core.clock.nowMs / 1000) + 1;
    const { index } = core;
    const find = index.findBucket.bind(index);
    index.findBucket = async (name) => {
      core.clock.nowMs += 700;
      return await find(name);
    };
    expect(await upload({ deadline }, { key: 'a' })).toMatchObject({
      status: 401,
      json: { error: 'expired token' },
    });
    expect(await core.keys()).toEqual([]);
  });
});

describe('the answer', () => {
  it('is what the template makes of it', async () => {
    const returnBody =
      '{"key":$(key),"hash":"$(etag)","fsize":$(fsize),"name":$(fname),"mime":$(mimeType),"user":$(x:user),"none":$(x:none)}';
    const answer = await upload({ returnBody }, { key: 'a', 'x:user': 'u "1"' });
    expect(answer.json).toEqual({
      ...{ key: 'a', hash: qetag, fsize: 11, name: 'hello world.txt', mime: 'text/plain' },
      ...{ user: 'u "1"', none: null },
    });
  });

  it('sends browsers on', async () => {
    const policy = { returnUrl: 'http://app.example.com/done?a=1', returnBody: '{"k":$(key)}' };
    expect(await upload(policy, { key: 'a' })).toMatchObject({
      status: 303,
      headers: {
        location: `http://app.example.com/done?a=1&upload_ret=${encodeUrlSafe('{"k":"a"}')}`,
      },
    });
    const bare = await upload({ returnUrl: 'http://app.example.com/done' }, { key: 'b' });
    expect(bare).toMatchObject({
      status: 303,
      headers: { location: 'http://app.example.com/done' },
    });
  });

  it.each([
    ['text/plain', 'text/plain'],
    ['text/html', 'application/json'],
    ['x\r\ny: z', 'application/json'],
  ])('that is asked for as %j is %s', async (accept, type) => {
    const answer = await upload({}, { key: 'a', accept });
    expect(answer.headers['content-type']).toBe(type);
  });
});

it('refuses what is no form', async () => {
  const token = uploadToken({ scope: 'photos' });
  for (const request of [
    { path: '/', headers: { 'content-type': 'application/json' }, body: '{}' },
    { path: '/', headers: { 'content-type': 'multipart/form-data' }, body: '' },
    formRequest([{ name: 'token', value: token }]),
    { ...formRequest([{ name: 'token', value: token }, file()]), body: Buffer.from('--x') },
  ]) {
    const answer = await server.send(request);
    expect(answer.status).toBe(400);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.json).toHaveProperty('error');
  }
});
