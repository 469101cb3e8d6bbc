import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signCallback } from '../../../../src/qiniu/upload/callback-signature.ts';
import vectors from '../../../fixtures/qiniu/signatures.json' with { type: 'json' };
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { type QiniuServer, qiniuKey, startQiniuServer } from '../../../support/qiniu-server.ts';
import { formRequest, uploadToken } from '../../../support/qiniu-uploads.ts';

const hash = 'FjeKp4tuHkncdkJw0P6LcogWDgrh';
const keys = { accessKeyId: qiniuKey.accessKeyId, secretKey: qiniuKey.secretAccessKey };

interface Call {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let core: TestCore;
let server: QiniuServer;
let application: Server;
let calls: Call[];
let respond: (response: ServerResponse, call: Call) => void;

beforeEach(async () => {
  core = await createTestCore();
  server = await startQiniuServer(core);
  calls = [];
  respond = (response) => response.end('{"done":true}');
  application = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces).toString();
    const call = { path: request.url ?? '', headers: request.headers, body };
    calls.push(call);
    respond(response, call);
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await server.close();
  application.closeAllConnections();
  await new Promise((resolve) => application.close(resolve));
  core.outbound.close();
  await core.index.close();
});

const url = (path = '/cb?shop=1') =>
  `http://127.0.0.1:${(application.address() as AddressInfo).port}${path}`;

function upload(policy: Readonly<Record<string, unknown>>, key: string | null = 'a b') {
  const token = uploadToken({ scope: 'photos', ...policy });
  return server.send(
    formRequest([
      { name: 'token', value: token },
      ...(key === null ? [] : [{ name: 'key', value: key }]),
      { name: 'x:u', value: 'v&w' },
      { name: 'file', value: 'hello kodo\n', fileName: 'f.txt' },
    ]),
  );
}

it.each(vectors.callback)('signs $scheme with a $contentType body as SDKs verify it', (vector) => {
  const { scheme, url: signedUrl, contentType: bodyType, body, authorization } = vector;
  const host = new URL(signedUrl).host;
  const policy = { bodyType, isJson: bodyType === 'application/json' };
  const signed = signCallback(scheme as 'QBox', keys, policy, { url: signedUrl, host, body });
  expect(signed).toBe(authorization);
});

describe('an application', () => {
  it("is told of an upload, and its answer is the client's", async () => {
    respond = (response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('{"success": true, "n":1.0}');
    };
    const answer = await upload({
      callbackUrl: url(),
      callbackBody: 'key=$(key)&hash=$(etag)&fsize=$(fsize)&user=$(x:u)',
      callbackHost: 'app.example.com',
      returnBody: '{"ignored":1}',
    });
    expect(answer).toMatchObject({ status: 200, text: '{"success": true, "n":1.0}' });
    expect(answer.headers['content-type']).toBe('application/json');
    const body = `key=a%20b&hash=${hash}&fsize=11&user=v%26w`;
    const type = 'application/x-www-form-urlencoded';
    const policy = { bodyType: type, isJson: false };
    expect(calls).toMatchObject([
      {
        path: '/cb?shop=1',
        body,
        headers: {
          host: 'app.example.com',
          'content-type': type,
          authorization: signCallback('QBox', keys, policy, { url: url(), host: '', body }),
        },
      },
    ]);
  });

  it('is told in JSON, with the other signature where that is set', async () => {
    await server.close();
    const uploads = {
      ignoresPersistentOps: false,
      blocksOverwrite: true,
      callbackScheme: 'Qiniu',
      callbackTimeoutMs: 5000,
    } as const;
    server = await startQiniuServer(core, { uploads });
    const bodyType = 'application/json';
    const policy = {
      callbackUrl: url(),
      callbackBody: '{"k":$(key),"u":"$(x:u)"}',
      callbackBodyType: bodyType,
    };
    expect((await upload(policy)).status).toBe(200);
    const [call] = calls;
    expect(JSON.parse(call?.body ?? '')).toEqual({ k: 'a b', u: 'v&w' });
    const host = new URL(url()).host;
    const signed = { url: url(), host, body: call?.body ?? '' };
    expect(call?.headers.authorization).toBe(
      signCallback('Qiniu', keys, { bodyType, isJson: true }, signed),
    );
  });

  it('may have several URLs: the first one that works counts', async () => {
    respond = (response, { path }) => {
      response.statusCode = path === '/broken' ? 500 : 200;
      response.end(path === '/text' ? 'no json' : '{}');
    };
    const urls = [
      'http://127.0.0.1:1/',
      url('/broken'),
      url('/text'),
      url('/works'),
      url('/never'),
    ];
    expect(await upload({ callbackUrl: urls.join(';') })).toMatchObject({
      status: 200,
      text: '{}',
    });
    expect(calls.map(({ path }) => path)).toEqual(['/broken', '/text', '/works']);
  });
});

describe('a callback that fails', () => {
  it.each([
    [
      'answers with another status',
      (response: ServerResponse) => response.writeHead(201).end('{}'),
      201,
    ],
    ['does not answer with JSON', (response: ServerResponse) => response.end('thanks'), 200],
    ['breaks off', (response: ServerResponse) => response.destroy(), 502],
  ])('%s leaves the object and gives 579', async (_what, answerCall, code) => {
    respond = answerCall;
    const answer = await upload({ callbackUrl: url(), callbackBody: 'k=$(key)' });
    expect(answer).toMatchObject({ status: 579, json: { hash, key: 'a b' } });
    const { error } = answer.json as { error: string };
    expect(JSON.parse(error)).toEqual({
      callback_url: url(),
      callback_bodyType: 'application/x-www-form-urlencoded',
      callback_body: 'k=a%20b',
      // Without what would let the client call the application by itself.
      token: 'QBox MY_ACCESS_KEY:-',
      err_code: code,
      error: expect.any(String),
    });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(await core.keys()).toEqual(['a b']);
  });

  it('takes no longer than it may', async () => {
    await server.close();
    const uploads = {
      ignoresPersistentOps: false,
      blocksOverwrite: true,
      callbackScheme: 'QBox',
      callbackTimeoutMs: 100,
    } as const;
    server = await startQiniuServer(core, { uploads });
    respond = () => {};
    const answer = await upload({ callbackUrl: url() });
    expect(answer.status).toBe(579);
    expect(JSON.parse((answer.json as { error: string }).error)).toMatchObject({ err_code: 504 });
  });

  it('goes to no address that is not public, nor to what is no URL', async () => {
    await server.close();
    core.outbound.close();
    const closed = await createTestCore({ outbound: { allowed: [] } });
    server = await startQiniuServer(closed);
    for (const [callbackUrl, code] of [
      [url(), 403],
      ['http://169.254.169.254/latest', 403],
      ['http://[::1]/', 403],
      ['ftp://example.com/', 400],
      ['no url', 400],
    ] as const) {
      const answer = await upload({ callbackUrl }, `k${callbackUrl.length}`);
      expect(answer.status).toBe(579);
      expect(JSON.parse((answer.json as { error: string }).error)).toMatchObject({
        err_code: code,
      });
    }
    expect(calls).toEqual([]);
    await closed.index.close();
  });
});

describe('a callback that decides the key', () => {
  const policy = () => ({
    callbackUrl: url(),
    callbackFetchKey: 1,
    callbackBody: 'h=$(etag)&k=$(key)',
  });

  it('comes before the object', async () => {
    let keysThen: readonly string[] = ['?'];
    respond = async (response) => {
      keysThen = await core.keys();
      response.end('{"key":"decided","payload":{"a":[1]}}');
    };
    expect(await upload(policy(), null)).toMatchObject({ status: 200, json: { a: [1] } });
    expect(keysThen).toEqual([]);
    expect(calls[0]?.body).toBe(`h=${hash}&k=`);
    expect(await core.keys()).toEqual(['decided']);
  });

  it.each([
    ['says no key', '{}', {}, 579],
    ['says nothing', '', {}, 579],
    [
      'says a key out of the scope',
      '{"key":"x"}',
      { scope: 'photos:dir/', isPrefixalScope: 1 },
      403,
    ],
  ])('and %s leaves nothing', async (_what, body, more, status) => {
    respond = (response) => response.end(body);
    expect((await upload({ ...policy(), ...more }, null)).status).toBe(status);
    expect(await core.keys()).toEqual([]);
    expect(await core.queued()).toHaveLength(1);
  });

  it('and takes so long that the key is switched off by then leaves nothing', async () => {
    let isActive = true;
    await server.close();
    server = await startQiniuServer(core, {
      findCredentials: async () =>
        isActive ? { secretAccessKey: keys.secretKey, caller: core.alice } : null,
    });
    respond = (response) => {
      isActive = false;
      response.end('{"key":"decided"}');
    };
    expect((await upload(policy(), null)).status).toBe(401);
    expect(await core.keys()).toEqual([]);
  });
});
