import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { RequestLimit } from '../../../src/http/request-limit.ts';
import type { ObservedRequest } from '../../../src/http/request-observer.ts';
import { QiniuError } from '../../../src/qiniu/errors.ts';
import type { QiniuRoute } from '../../../src/qiniu/operation.ts';
import { createTestCore, type TestCore } from '../../support/core-services.ts';
import { type QiniuServer, qiniuKey, startQiniuServer } from '../../support/qiniu-server.ts';

const route = (
  path: string,
  handle: QiniuRoute['handle'],
  more: Partial<QiniuRoute> = {},
): QiniuRoute => ({
  ...{ name: 'test', methods: ['GET', 'POST'], path, authentication: 'management', handle },
  ...more,
});

const told: QiniuRoute['handle'] = async (request) => ({
  json: {
    entry: request.argument('entry'),
    rest: request.rest,
    user: request.access.caller.userName,
    body: request.body.toString(),
    query: request.target.query.get('q'),
  },
});

describe('the Qiniu door', () => {
  let core: TestCore;
  let server: QiniuServer;
  const observed: ObservedRequest[] = [];

  beforeEach(async () => {
    core = await createTestCore();
    observed.length = 0;
    server = await startQiniuServer(core, {
      observer: { started() {}, ended: (request) => observed.push(request) },
      routes: [
        route('/told/:entry/*', told),
        route('/own/:entry', told, { authentication: 'own', methods: ['POST'] }),
        route('/empty', async () => ({})),
        route('/commands', told, { hasCommands: true }),
        route('/fails', () => Promise.reject(new QiniuError(614, 'file exists'))),
        route('/refuses', () => Promise.reject(new GatewayError('NoSuchBucket'))),
        route('/breaks', () => Promise.reject(new Error('secret detail'))),
      ],
    });
  });
  afterEach(async () => {
    await server.close();
    await core.index.close();
  });

  it('hands the parts of a path, the query and the caller to the handler', async () => {
    const { status, json } = await server.call('/told/a%3D%2Fb/x//%E4%B8%83?q=a+b%20c', {
      body: 'k=v',
    });
    const rest = ['x', '', '七'];
    expect(status).toBe(200);
    expect(json).toEqual({ entry: 'a=/b', rest, user: 'alice', body: 'k=v', query: 'a b c' });
  });

  it.each(['GET', 'POST'])('takes %s for a management call', async (method) => {
    expect((await server.call('/told/e', { method })).status).toBe(200);
  });

  it('tells an id, forbids caches and lets pages of any origin read, whatever the answer', async () => {
    for (const path of ['/empty', '/fails', '/breaks', '/nothing', '/told/%ff', '/refuses']) {
      const { headers } = await server.call(path);
      expect(headers).toMatchObject({
        'x-reqid': expect.stringMatching(/^[0-9A-F]{16}$/),
        'cache-control': 'no-store',
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'X-Log, X-Reqid',
      });
    }
  });

  it('answers errors as JSON, also with statuses above 599, and keeps secrets', async () => {
    const answers = ['/fails', '/refuses', '/breaks', '/nothing', '/told/%ff'].map(async (path) => {
      const { status, headers, text } = await server.call(path);
      expect(headers['content-type']).toBe('application/json');
      return [status, text];
    });
    expect(await Promise.all(answers)).toEqual([
      [614, '{"error":"file exists"}'],
      [631, '{"error":"no such bucket"}'],
      [599, '{"error":"internal error"}'],
      [404, '{"error":"no such operation"}'],
      [400, '{"error":"key must be utf8 encoding"}'],
    ]);
  });

  it('answers success with JSON or nothing', async () => {
    const empty = await server.call('/empty');
    expect([empty.status, empty.text, empty.headers['content-length']]).toEqual([200, '', '0']);
  });

  it('refuses methods that no row of the shape has', async () => {
    expect((await server.call('/told/x', { method: 'DELETE' })).status).toBe(405);
    expect((await server.call('/own/x', { method: 'GET' })).status).toBe(405);
  });

  it('leaves it to routes of their own who the client is', async () => {
    const { status, json } = await server.send({ path: '/own/x' });
    expect([status, (json as { user: string }).user]).toEqual([200, 'anonymous']);
  });

  it.each([
    [{}, 'token not specified'],
    [{ authorization: 'UpToken a:b:c' }, 'bad token'],
    [{ authorization: 'Qiniu NOBODY:vLW-PSLydbKpqvzlr7seWUWlipQ=' }, 'bad token'],
    [{ authorization: 'Qiniu MY_ACCESS_KEY:vLW-PSLydbKpqvzlr7seWUWlipQ=' }, 'bad token'],
  ])('refuses %j', async (headers, error) => {
    const { status, json } = await server.send({ path: '/told/x', headers });
    expect([status, json]).toEqual([401, { error }]);
  });

  it('reads a body in chunks, and refuses one that is too large before or while it comes', async () => {
    const body = 'x'.repeat(9 * 1024 * 1024);
    expect((await server.call('/commands', { body })).status).toBe(413);
    const headers = {
      authorization: 'Qiniu MY_ACCESS_KEY:vLW-PSLydbKpqvzlr7seWUWlipQ=',
      'content-length': String(body.length),
    };
    const declared = await server.send({ path: '/commands', headers, body: '' }).catch(() => null);
    expect(declared?.status ?? 413).toBe(413);
  });

  it('lets a client send its body that waits for it, once its key is known', async () => {
    const path = '/commands';
    const signed = await signedHead(server, path, 'op=1');
    const answer = await rawExchange(server.port, [
      `POST ${path} HTTP/1.1\r\n${signed}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n`,
      'op=1',
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    const unknown = signed.replace('MY_ACCESS_KEY', 'NO_ACCESS_KEY');
    const refused = await rawExchange(server.port, [
      `POST ${path} HTTP/1.1\r\n${unknown}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n`,
    ]);
    expect(refused).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('gives up a client whose body does not come', async () => {
    await server.close();
    server = await startQiniuServer(core, {
      bodyPace: { idleTimeoutMs: 50, bytesPerSecondMin: 0 },
      routes: [route('/commands', told, { hasCommands: true })],
    });
    const signed = await signedHead(server, '/commands', 'op=1');
    const head = `POST /commands HTTP/1.1\r\n${signed}Content-Length: 4\r\n\r\nop`;
    const answer = await rawExchange(server.port, [head]);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('{"error":"the request body came too slowly"}');
  });

  it('lets browsers ask before they upload', async () => {
    const { status, headers } = await server.send({
      method: 'OPTIONS',
      path: '/own/x',
      headers: {
        origin: 'http://page.example.com',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'Authorization,X-Mine,bad header',
      },
    });
    expect(status).toBe(204);
    expect(headers['access-control-allow-methods']).toContain('POST');
    expect(headers['access-control-allow-headers']).toMatch(/authorization.*, x-mine$/);
    expect(headers['access-control-max-age']).toBe('2592000');
  });

  it('tells log and metrics the operation, the caller and the error', async () => {
    await server.call('/fails');
    await server.call('/empty');
    expect(server.logLines.filter(({ msg }) => msg === 'qiniu request')).toMatchObject([
      { operation: 'test', httpStatus: 614, errorCode: '614', accessKeyId: 'MY_ACCESS_KEY' },
      { operation: 'test', httpStatus: 200, errorCode: null },
    ]);
    expect(observed.map(({ operationName, httpStatus }) => [operationName, httpStatus])).toEqual([
      ['test', 614],
      ['test', 200],
    ]);
  });

  it('logs what is its own fault', async () => {
    await server.call('/breaks');
    expect(server.logLines.some(({ msg }) => msg === 'qiniu request failed: 599')).toBe(true);
    await server.call('/refuses');
    expect(server.logLines.filter(({ level }) => level === 50)).toHaveLength(1);
  });

  it('answers what is no HTTP request in its own form', async () => {
    const { status, headers, json } = await server.send({
      path: '/empty',
      headers: { 'x-long': 'x'.repeat(20_000) },
    });
    expect([status, json]).toEqual([400, { error: 'request header is too large' }]);
    expect(headers['x-reqid']).toMatch(/^[0-9A-F]{16}$/);
  });
});

/** Header lines of a management call with that body. */
async function signedHead({ port }: QiniuServer, path: string, body: string): Promise<string> {
  const type = 'application/x-www-form-urlencoded';
  const text = `POST ${path}\nHost: 127.0.0.1:${port}\nContent-Type: ${type}\n\n${body}`;
  const sign = createHmac('sha1', qiniuKey.secretAccessKey).update(text).digest('base64');
  const encoded = sign.replaceAll('+', '-').replaceAll('/', '_');
  const authorization = `Qiniu ${qiniuKey.accessKeyId}:${encoded}`;
  return `Host: 127.0.0.1:${port}\r\nContent-Type: ${type}\r\nAuthorization: ${authorization}\r\n`;
}

/** Sends each piece when something came back for the one before; gives all that came. */
function rawExchange(port: number, pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const [first = '', ...rest] = pieces;
    let received = '';
    socket.setEncoding('latin1');
    socket.on('error', reject);
    socket.on('data', (text: string) => {
      received += text;
      const next = rest.shift();
      if (next !== undefined) socket.write(next);
      else if (/HTTP\/1\.1 [2-5](?!00 C)/.test(received) && received.endsWith('}')) socket.end();
    });
    socket.on('close', () => resolve(received));
    socket.write(first);
  });
}

describe('the Qiniu door under load', () => {
  it('tells clients to come again when it serves as many requests as it may', async () => {
    const core = await createTestCore();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await startQiniuServer(core, {
      requestLimit: new RequestLimit(1),
      routes: [route('/waits', () => held.then(() => ({})))],
    });
    const first = server.call('/waits');
    await expect.poll(async () => (await server.call('/waits')).status).toBe(573);
    release();
    expect((await first).status).toBe(200);
    await server.close();
    await core.index.close();
  });
});

describe('features that are left out', () => {
  it.each([
    '/pfop/',
    '/status/get/prefop?id=1',
    '/prefetch/abc',
    '/image/b/from/abc',
    '/sisyphus/fetch',
  ])('%s is refused for good', async (path) => {
    const core = await createTestCore();
    const server = await startQiniuServer(core);
    const { status, json } = await server.send({ path });
    expect(status).toBe(400);
    expect((json as { error: string }).error).toMatch(/ is not supported by this gateway$/);
    await server.close();
    await core.index.close();
  });
});
