import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publicAccessBlock } from '../../../../src/core/access/bucket-access-settings.ts';
import { bucketPolicy } from '../../../../src/core/access/policy/stored-policies.ts';
import type { UploadSettings } from '../../../../src/files/upload/upload-settings.ts';
import { coreSecretAccessKey } from '../../../support/core-s3-server.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { startTestNode, type TestNode } from '../../../support/embedded-node.ts';
import { type FilesServer, startFilesServer } from '../../../support/files-server.ts';

const content = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 251));
const md5 = createHash('md5').update(content).digest('hex');
const app = { app_id: 'KEYALICE', app_key: coreSecretAccessKey };
const bob = { app_id: 'KEYBOB', app_key: coreSecretAccessKey };

let node: TestNode;
let core: TestCore;
let servers: FilesServer[] = [];
let server: FilesServer;

async function serve(uploads: Partial<UploadSettings> = {}): Promise<FilesServer> {
  const started = await startFilesServer(core, [node.trackerAddress], {}, [], uploads);
  servers.push(started);
  return started;
}

beforeAll(async () => {
  node = await startTestNode();
});

beforeEach(async () => {
  core = await createTestCore();
  server = await serve();
});

afterEach(async () => {
  expect(core.spool.usedBytes).toBe(0);
  for (const started of servers) await started.close();
  servers = [];
});

afterAll(() => node.remove());

type Part = string | readonly [fileName: string, content: string | Buffer, type?: string];

/** Parts in the order given; a list is a file. */
function formOf(parts: readonly (readonly [name: string, part: Part])[]): FormData {
  const form = new FormData();
  for (const [name, part] of parts) {
    if (typeof part === 'string') form.append(name, part);
    else form.append(name, new Blob([part[1]], { type: part[2] ?? '' }), part[0]);
  }
  return form;
}

const photo = ['fastdfs', ['照片 1.jpg', content, 'image/jpeg']] as const;
const credentials = Object.entries(app);

async function post(
  path: string,
  body: NonNullable<RequestInit['body']>,
  init: RequestInit = {},
  to = server,
) {
  const response = await fetch(`${to.endpoint}${path}`, { method: 'POST', body, ...init });
  const answer = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return {
    status: response.status,
    headers: response.headers,
    answer: isJson ? JSON.parse(answer) : answer,
  };
}

async function upload(
  path = '/upload',
  parts: Parameters<typeof formOf>[0] = [photo, ...credentials],
) {
  const { status, answer } = await post(path, formOf(parts));
  expect(answer).toMatchObject({});
  expect(status, JSON.stringify(answer)).toBe(200);
  return answer;
}

async function read(fileId: string, headers: Record<string, string> = {}) {
  const auth = { 'x-app-id': app.app_id, 'x-app-key': app.app_key, ...headers };
  const response = await fetch(`${server.endpoint}/${fileId}`, { headers: auth });
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
}

async function keysIn(bucketName: string): Promise<readonly string[]> {
  const bucket = await core.index.findBucket(bucketName);
  if (!bucket) return [];
  const all = { bucketId: bucket.id, prefix: '', delimiter: '', after: '', limit: 1000 };
  return (await core.index.listObjects(all)).objects.map(({ key }) => key);
}

/** Lets everybody do these in a bucket of alice's. */
async function open(bucketName: string, ...actions: readonly string[]): Promise<void> {
  const bucket = await core.index.findBucket(bucketName);
  if (!bucket) throw new Error(`no bucket ${bucketName}`);
  await core.index.setBucketSetting(bucket.id, publicAccessBlock.name, null);
  const Resource = [`arn:aws:s3:::${bucketName}`, `arn:aws:s3:::${bucketName}/*`];
  const Statement = [{ Effect: 'Allow', Principal: '*', Action: actions, Resource }];
  const document = JSON.stringify({ Version: '2012-10-17', Statement });
  await core.index.setBucketSetting(bucket.id, bucketPolicy.name, document);
}

describe('POST /upload', () => {
  it('stores a file, which its ID names in every door', async () => {
    const { data, ...rest } = await upload();
    expect(rest).toEqual({ code: 200, message: 'success', success: true });
    expect(data).toMatchObject({
      fileId: expect.stringMatching(/^group1\/M00\/00\/00\/[\w-]{27}\d{3}\.jpg$/),
      group: 'group1',
      key: data.fileId,
      bucket: 'files',
      url: `${server.endpoint}/${data.fileId}`,
      downloadUrl: `${server.endpoint}/download/${data.fileId}`,
      size: content.length,
      md5,
      name: '照片 1.jpg',
      contentType: 'image/jpeg',
    });
    const { status, bytes } = await read(data.fileId);
    expect([status, bytes.equals(content)]).toEqual([200, true]);
    const bucket = await core.index.findBucket('files');
    expect(bucket?.ownerId).toBe(core.alice.userId);
    const object = await core.index.findObject(bucket?.id ?? 0, data.fileId);
    expect(object).toMatchObject({ etag: md5, fileId: data.fileId });
  });

  it('takes one file for content of many segments', async () => {
    const large = Buffer.alloc(70 * 2 ** 20, 3);
    const parts = [['file', ['a.bin', large]], ...credentials] as const;
    const { data } = await upload('/upload', parts);
    expect(data.size).toBe(large.length);
    const bucket = await core.index.findBucket('files');
    const object = await core.index.findObject(bucket?.id ?? 0, data.fileId);
    expect(object?.fileId).toBe(data.fileId);
    expect((await read(data.fileId)).bytes.equals(large)).toBe(true);
  });

  it.each(['fastdfs', 'file', 'upload', 'upfile', 'Filedata', 'whatever'])(
    'takes the file of field %s, before or after the credentials',
    async (name) => {
      const file = [name, photo[1]] as const;
      expect((await upload('/upload', [file, ...credentials])).data.md5).toBe(md5);
      expect((await upload('/upload', [...credentials, file])).data.md5).toBe(md5);
    },
  );

  it.each([
    ['X-App-Id', { 'x-app-id': app.app_id, 'x-app-key': app.app_key }],
    [
      'Basic',
      {
        authorization: `Basic ${Buffer.from(`${app.app_id}:${app.app_key}`).toString('base64')}`,
      },
    ],
  ])('takes credentials in %s', async (_, headers) => {
    expect(await post('/upload', formOf([photo]), { headers })).toMatchObject({ status: 200 });
  });

  it('takes several files, and tells of each', async () => {
    const { data } = await upload('/upload', [
      ['file', ['a.txt', 'one']],
      ...credentials,
      ['other', ['b.png', 'two', 'image/png']],
    ]);
    expect(data).toMatchObject([
      { name: 'a.txt', size: 3, contentType: 'text/plain' },
      { name: 'b.png', size: 3, contentType: 'image/png' },
    ]);
  });

  it('keeps none of several files when one cannot be stored', async () => {
    const { status } = await post(
      '/upload',
      formOf([...credentials, ['a', ['a.txt', 'one']], ['b', ['b.txt', '']]]),
    );
    expect(status).toBe(400);
    expect(await keysIn('files')).toEqual([]);
  });

  it.each([
    ['text', (data: Record<string, string>) => data.fileId],
    ['url', (data: Record<string, string>) => data.url],
  ])('?output=%s answers with that alone', async (output, expected) => {
    const { data } = await upload();
    const answer = await upload(`/upload?output=${output}`);
    const names = (line: unknown) => String(line).replace(/\/[^/]*$/, '');
    expect(names(answer)).toBe(names(expected(data)));
    expect(answer).toMatch(/\.jpg$/);
  });

  it('stores under the key that is asked for, with metadata', async () => {
    const { data } = await upload('/upload', [
      ...credentials,
      ['key', 'a/b/照片'],
      ['meta.Owner', 'zoë'],
      ['bucket', 'photos'],
      photo,
    ]);
    expect(data).toMatchObject({ key: 'a/b/照片', bucket: 'photos' });
    const object = await core.index.findObject(core.bucket.id, 'a/b/照片');
    expect(object?.userMetadata).toEqual({ owner: Buffer.from('zoë').toString('latin1') });
    expect((await read(data.fileId)).status).toBe(200);
  });

  it('stores under the name of the file in a path', async () => {
    const parts = [...credentials, ['path', '/2024//01/'], photo] as const;
    expect((await upload('/upload', parts)).data.key).toBe('2024/01/照片 1.jpg');
  });

  it('puts files into the bucket of an app', async () => {
    const to = await serve({ appBuckets: new Map([['KEYALICE', 'photos']]) });
    const { answer } = await post('/upload', formOf([photo, ...credentials]), {}, to);
    expect(answer.data.bucket).toBe('photos');
  });

  it('begins URLs with what the operator says', async () => {
    const to = await serve({ publicUrl: 'https://cdn.example.com/img' });
    const { answer } = await post('/upload', formOf([photo, ...credentials]), {}, to);
    expect(answer.data.url).toBe(`https://cdn.example.com/img/${answer.data.fileId}`);
  });

  it('takes a body in chunks, after 100 Continue', async () => {
    const body = Buffer.from(
      `--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nabc\r\n--b--\r\n`,
    );
    const socket = connect(server.port, '127.0.0.1');
    const auth = Buffer.from(`${app.app_id}:${app.app_key}`).toString('base64');
    socket.write(
      `POST /upload HTTP/1.1\r\nHost: h\r\nAuthorization: Basic ${auth}\r\n` +
        'Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n' +
        'Expect: 100-continue\r\nConnection: close\r\n\r\n',
    );
    const [first] = await new Promise<Buffer[]>((resolve) =>
      socket.once('data', (...data) => resolve(data)),
    );
    expect(String(first)).toMatch(/^HTTP\/1\.1 100 /);
    for (const byte of body) socket.write(`1\r\n${String.fromCharCode(byte)}\r\n`);
    socket.write('0\r\n\r\n');
    expect(await text(socket)).toContain('"size":3');
  });
});

describe('an upload is refused', () => {
  const wrongKey = [
    ['app_id', app.app_id],
    ['app_key', 'wrong'],
  ] as const;
  it.each<[number, string, Parameters<typeof formOf>[0]]>([
    [401, 'with a wrong key', [photo, ...wrongKey]],
    [401, 'with a wrong key before its file', [...wrongKey, photo]],
    [401, 'with an unknown key', [photo, ['app_id', 'nobody'], ['app_key', 'x']]],
    [404, 'without credentials and bucket', [photo]],
    [403, 'without credentials', [photo, ['bucket', 'photos']]],
    [403, 'into the bucket of another', [photo, ...Object.entries(bob), ['bucket', 'photos']]],
    [400, 'without a file', credentials],
    [400, 'with an empty file', [...credentials, ['file', ['a.txt', '']]]],
    [400, 'that asks for a smaller image', [photo, ...credentials, ['thumb', '150x150']]],
    [400, 'with a malformed group', [photo, ...credentials, ['group', '../x']]],
    [502, 'with an unknown group', [photo, ...credentials, ['group', 'group9']]],
    [400, 'with malformed metadata', [photo, ...credentials, ['meta.a b', 'x']]],
    [400, 'with a malformed bucket', [photo, ...credentials, ['bucket', 'A_B']]],
    [400, 'of two files under one key', [photo, photo, ...credentials, ['key', 'k']]],
    [400, 'with an unknown output', [photo, ...credentials, ['output', 'xml']]],
  ])('with %i %s', async (code, _, parts) => {
    const { status, answer } = await post('/upload', formOf(parts));
    expect({ status, answer }).toEqual({
      status: code,
      answer: { code, message: expect.any(String), success: false },
    });
    expect(await keysIn('photos')).toEqual([]);
  });

  it('that is no form', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await post('/upload', '{}', { headers })).status).toBe(400);
    const malformed = { 'content-type': 'multipart/form-data; boundary=b' };
    expect((await post('/upload', 'x', { headers: malformed })).status).toBe(400);
  });

  it('whose file is too large', async () => {
    const to = await serve({ fileSizeBytesMax: 1000 });
    expect(await post('/upload', formOf([photo, ...credentials]), {}, to)).toMatchObject({
      status: 413,
      answer: { code: 413 },
    });
  });

  it('with status 200 where clients look into the body only', async () => {
    const to = await serve({ always200: true });
    const { status, answer } = await post('/upload', formOf(credentials), {}, to);
    expect([status, answer.code, answer.success]).toEqual([200, 400, false]);
  });

  it('by other methods', async () => {
    const response = await fetch(`${server.endpoint}/upload`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
    await response.arrayBuffer();
  });
});

describe('who may upload', () => {
  it('is everybody where the policy of the bucket says so', async () => {
    await open('photos', 's3:PutObject', 's3:GetObject');
    const { data } = await upload('/upload', [photo, ['bucket', 'photos']]);
    const response = await fetch(data.url);
    expect((await response.arrayBuffer()).byteLength).toBe(content.length);
  });

  it('is nobody whom a policy lets for a header that means nothing here', async () => {
    await open('photos', 's3:PutObject');
    const { settings } = (await core.index.findBucket('photos')) ?? {};
    const policy = JSON.parse(settings?.[bucketPolicy.name] ?? '');
    const isGiven = { 's3:x-amz-acl': 'bucket-owner-full-control' };
    policy.Statement[0].Condition = { StringEquals: isGiven };
    const document = JSON.stringify(policy);
    await core.index.setBucketSetting(core.bucket.id, bucketPolicy.name, document);
    const headers = { 'x-amz-acl': 'bucket-owner-full-control' };
    const { status } = await post('/upload', formOf([photo, ['bucket', 'photos']]), { headers });
    expect(status).toBe(403);
  });

  it('is bound by quotas', async () => {
    await core.index.setQuota(
      { kind: 'bucket', bucketId: core.bucket.id },
      { sizeBytes: 10, objectCount: null },
    );
    const { status } = await post('/upload', formOf([photo, ...credentials, ['bucket', 'photos']]));
    expect(status).toBe(507);
  });
});

describe('a slave file', () => {
  const slave = (
    master: string,
    prefix: string,
    more: Parameters<typeof formOf>[0] = credentials,
  ) => formOf([...more, ['master', master], ['prefix', prefix], ['file', ['s.png', 'small']]]);

  it('is found under the name that follows from its master', async () => {
    const { data } = await upload();
    const { answer } = await post('/upload', slave(data.url, '_150x150'));
    expect(answer.data.fileId).toBe(data.fileId.replace('.jpg', '_150x150.png'));
    expect((await read(answer.data.fileId)).bytes.toString()).toBe('small');
    expect((await post('/upload', slave(data.fileId, '_150x150'))).status).toBe(409);
    expect((await read(answer.data.fileId)).bytes.toString()).toBe('small');
  });

  it('is not stored again before the deletion of the last one is over', async () => {
    const { data } = await upload();
    const { answer } = await post('/upload', slave(data.fileId, '_a'));
    await post('/delete', new URLSearchParams({ ...app, fileid: answer.data.fileId }));
    const again = await post('/upload', slave(data.fileId, '_a'));
    expect(again).toMatchObject({
      status: 409,
      answer: { message: expect.stringContaining('being deleted') },
    });
    await server.core.blobs.delete(answer.data.fileId, { signal: new AbortController().signal });
    const due = await core.index.listDueDeletions({
      ...{ groupName: 'group1', dueAtMs: Number.MAX_SAFE_INTEGER, limit: 10 },
      after: null,
    });
    await core.index.finishDeletions(due.map(({ id }) => id));
    expect((await post('/upload', slave(data.fileId, '_a'))).status).toBe(200);
  });

  it('is refused without the right to write its master', async () => {
    const { data } = await upload();
    const asBob = [...Object.entries(bob), ['bucket', 'bobs']] as const;
    expect((await post('/upload', slave(data.fileId, '_a', asBob))).status).toBe(403);
  });

  it.each([
    [404, 'group1/M00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg', '_a'],
    [400, 'group1/x', '_a'],
    [400, null, '../a'],
    [400, null, '-'.repeat(17)],
  ])('is refused with %i for master %s and prefix %s', async (status, master, prefix) => {
    const masterId = master ?? (await upload()).data.fileId;
    expect((await post('/upload', slave(masterId, prefix))).status).toBe(status);
  });
});

describe('clients of other services', () => {
  it.each(['/file/upload', '/fastdfs/upload', '/fdfs/upload'])(
    '%s answers with a StorePath',
    async (path) => {
      const { group, path: name, fullPath } = await upload(path);
      expect([group, fullPath]).toEqual(['group1', `group1/${name}`]);
    },
  );

  it('answer in the form that the operator gives a path', async () => {
    const to = await serve({ profilePaths: new Map([['/ueditor', 'ueditor']]) });
    const { answer } = await post('/ueditor', formOf([photo, ...credentials]), {}, to);
    expect(answer).toMatchObject({ state: 'SUCCESS', original: '照片 1.jpg', type: '.jpg' });
    const refused = await post('/ueditor', formOf(credentials), {}, to);
    expect([refused.status, refused.answer]).toEqual([200, { state: 'The form has no file.' }]);
  });

  it('pages of other origins may upload only where that is set', async () => {
    const ask = (to: FilesServer) =>
      fetch(`${to.endpoint}/upload`, {
        method: 'OPTIONS',
        headers: { origin: 'http://a', 'access-control-request-headers': 'x-app-id' },
      });
    expect((await ask(server)).status).toBe(403);
    const to = await serve({ allowedOrigin: '*' });
    const allowed = await ask(to);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-headers')).toBe('x-app-id');
    const headers = { origin: 'http://a' };
    const { headers: answered } = await post('/upload', formOf([]), { headers }, to);
    expect(answered.get('access-control-allow-origin')).toBe('*');
  });
});

describe('deleting', () => {
  const remove = (path: string, init: RequestInit = {}) =>
    fetch(`${server.endpoint}${path}`, { method: 'DELETE', ...init });
  const headers = { 'x-app-id': app.app_id, 'x-app-key': app.app_key };

  it.each<[string, (fileId: string) => Promise<{ status: number }>]>([
    ['DELETE /delete/<file ID>', (fileId) => remove(`/delete/${fileId}`, { headers })],
    ['DELETE /delete?filePath=', (fileId) => remove(`/delete?filePath=/${fileId}`, { headers })],
    [
      'POST /delete with a form',
      (fileId) => post('/delete', new URLSearchParams({ ...app, fileid: fileId })),
    ],
    [
      'POST /delete with multipart/form-data',
      (fileId) => post('/delete', formOf([...credentials, ['url', `http://h/${fileId}?x=1`]])),
    ],
    [
      'POST /delete with JSON',
      (fileId) =>
        post('/delete', JSON.stringify({ ...app, path: fileId }), {
          headers: { 'content-type': 'application/json' },
        }),
    ],
  ])('%s', async (_, act) => {
    const { data } = await upload();
    expect((await act(data.fileId)).status).toBe(200);
    expect((await read(data.fileId)).status).toBe(404);
    expect(await keysIn('files')).toEqual([]);
    expect((await act(data.fileId)).status).toBe(404);
  });

  it('is refused to others, and for what is no file', async () => {
    const { data } = await upload();
    const others = { 'x-app-id': bob.app_id, 'x-app-key': bob.app_key };
    expect((await remove(`/delete/${data.fileId}`, { headers: others })).status).toBe(403);
    expect((await remove(`/delete/${data.fileId}`)).status).toBe(403);
    expect((await remove('/delete/group1', { headers })).status).toBe(400);
    expect((await remove('/delete', { headers })).status).toBe(400);
    expect((await fetch(`${server.endpoint}/delete?path=${data.fileId}`)).status).toBe(405);
    const brokenJson = { 'content-type': 'application/json' };
    expect((await post('/delete', '{', { headers: brokenJson })).status).toBe(400);
    expect((await read(data.fileId)).status).toBe(200);
  });
});

describe('go-fastdfs', () => {
  const form = (...more: Parameters<typeof formOf>[0]) => formOf([photo, ...credentials, ...more]);
  const token = { 'auth-token': `${app.app_id}:${app.app_key}` };

  it.each([['json'], ['json2'], ['text']])('answers an upload as %s', async (output) => {
    const { answer } = await post('/group1/upload', form(['output', output], ['scene', 'photos']));
    const data = output === 'json2' ? answer.data : answer;
    if (output === 'text') expect(answer).toMatch(/^http:.*\.jpg$/);
    else {
      expect(data).toMatchObject({ md5, size: content.length, scene: 'photos', retcode: 0 });
      expect(data.url).toBe(`${data.domain}${data.path}`);
      expect((await read(data.path.slice(1))).status).toBe(200);
    }
  });

  it('does not take another file for one that was stored under its MD5', async () => {
    const other = ['fastdfs', ['x.jpg', 'other', 'image/jpeg']] as const;
    await upload('/upload', [other, ...credentials, ['key', `md5/${md5}`]]);
    const { answer } = await post('/group1/upload', form(['output', 'json']));
    expect(answer).toMatchObject({ status: 'fail', data: null });
  });

  it('stores the same content once, and tells of it by its MD5', async () => {
    const first = await post('/group1/upload', form(['output', 'json']));
    const again = await post('/group1/upload', form(['output', 'json']), { headers: token });
    expect(again.answer.url).toBe(first.answer.url);
    expect(await keysIn('files')).toEqual([`md5/${md5}`]);
    const url = `${server.endpoint}/group1/upload?md5=${md5}&output=json`;
    const instant = await (await fetch(url, { headers: token })).json();
    expect(instant).toMatchObject({ md5, url: first.answer.url });
    const info = await fetch(`${server.endpoint}/group1/get_file_info?md5=${md5}`, {
      headers: token,
    });
    expect(await info.json()).toMatchObject({
      status: 'ok',
      data: { name: '照片 1.jpg', md5, path: first.answer.path, scene: 'default' },
    });
  });

  it('stores under a path of the client, and lists directories', async () => {
    await post('/group1/upload', form(['path', 'a/b'], ['filename', 'x.jpg'], ['output', 'json']));
    expect(await keysIn('files')).toEqual(['a/b/x.jpg']);
    const list = async (dir: string) => {
      const url = `${server.endpoint}/group1/list_dir?dir=${dir}`;
      return await (await fetch(url, { headers: token })).json();
    };
    expect(await list('a')).toMatchObject({ data: [{ name: 'b', is_dir: true }] });
    expect(await list('a/b')).toMatchObject({
      data: [{ name: 'x.jpg', md5, path: 'a/b', is_dir: false }],
    });
    const byPath = `${server.endpoint}/group1/check_file_exist?path=/group1/a/b/x.jpg`;
    expect(await (await fetch(byPath, { headers: token })).json()).toMatchObject({ status: 'ok' });
  });

  it('deletes by MD5 and by path', async () => {
    const parameters = [
      async () => new URLSearchParams({ ...app, md5 }),
      async (path: string) => new URLSearchParams({ ...app, path }),
    ];
    for (const parametersOf of parameters) {
      const { answer } = await post('/group1/upload', form(['output', 'json']));
      const deleted = await post('/group1/delete', await parametersOf(answer.path));
      expect(deleted.answer).toMatchObject({ message: 'remove success', status: 'ok' });
      expect(await keysIn('files')).toEqual([]);
    }
  });

  it('tells which of many files there are', async () => {
    await post('/group1/upload', form());
    const md5s = `${md5},${'0'.repeat(32)}`;
    const { answer } = await post(
      '/group1/check_files_exist',
      new URLSearchParams({ ...app, md5s }),
    );
    expect(answer.data).toMatchObject([{ md5 }]);
  });

  it.each<[string, RequestInit, number, string]>([
    ['/group1/get_file_info', {}, 200, 'md5 or path is required'],
    ['/group1/get_file_info?md5=x', {}, 200, 'md5 is malformed'],
    ['/group1/upload?md5=00000000000000000000000000000000', { headers: token }, 200, 'not found'],
    ['/group1/upload', { headers: token }, 200, 'the file is missing'],
    [
      '/group1/upload',
      { headers: { 'auth-token': 'x' } },
      401,
      'The token must be app_id:app_key.',
    ],
    ['/group1/repair', {}, 200, 'not supported'],
    ['/group1/big/upload/', {}, 200, 'not supported'],
    ['/group1/delete', {}, 200, 'GET is not possible here.'],
  ])('%s %o fails with status %i: %s', async (path, init, status, message) => {
    if (path.includes('md5=0')) await post('/group1/upload', form());
    const response = await fetch(`${server.endpoint}${path}`, init);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ message, status: 'fail', data: null });
  });
});
