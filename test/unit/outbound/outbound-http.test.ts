import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAllowedTarget } from '../../../src/outbound/allowed-targets.ts';
import type { Resolve } from '../../../src/outbound/filtering-agents.ts';
import { OutboundHttp } from '../../../src/outbound/outbound-http.ts';
import { readBody } from '../../../src/outbound/read-body.ts';

interface TestServer {
  readonly port: number;
  readonly requests: IncomingMessage[];
}

async function listen(answer: RequestListener): Promise<TestServer> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, requests };
}

function outboundTo(
  allowed: string,
  {
    resolve,
    callbackHosts = '',
  }: { readonly resolve?: Resolve; readonly callbackHosts?: string } = {},
): OutboundHttp {
  const targets = (text: string) => text.split(',').flatMap((t) => parseAllowedTarget(t) ?? []);
  const outbound = new OutboundHttp(
    { allowed: targets(allowed), callbackHosts: targets(callbackHosts) },
    resolve ? { resolve } : {},
  );
  onTestFinished(() => outbound.close());
  return outbound;
}

/** Answers with the addresses in turn; the last one again and again. */
function resolvingTo(...turns: string[][]): Resolve {
  let turn = 0;
  return (_hostname, _options, callback) => {
    const addresses = turns[Math.min(turn, turns.length - 1)] ?? [];
    turn += 1;
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

const get = { method: 'GET', timeoutMs: 5_000 } as const;
const ok: RequestListener = (_, response) => response.end('ok');

async function text(outbound: OutboundHttp, url: string): Promise<string> {
  return (await readBody(await outbound.request({ ...get, url }), 100)).toString();
}

describe('OutboundHttp and private addresses', () => {
  it.each([
    'http://127.0.0.1:PORT/',
    'http://127.1:PORT/',
    'http://2130706433:PORT/',
    'http://0x7f.1:PORT/',
    'http://0.0.0.0:PORT/',
    'http://[::1]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[::]:PORT/',
    'http://[64:ff9b::127.0.0.1]:PORT/',
    'http://localhost:PORT/',
    'http://169.254.169.254/latest/meta-data/',
    'https://10.0.0.1/',
  ])('refuses %s', async (url) => {
    const server = await listen(ok);
    const request = { ...get, url: url.replace('PORT', String(server.port)) };
    await expect(outboundTo('').request(request)).rejects.toMatchObject({
      name: 'OutboundError',
      reason: 'forbidden-address',
    });
    expect(server.requests).toHaveLength(0);
  });

  it('refuses a name that resolves to one', async () => {
    const server = await listen(ok);
    const outbound = outboundTo('', { resolve: resolvingTo(['127.0.0.1']) });
    await expect(text(outbound, `http://x.example:${server.port}/`)).rejects.toMatchObject({
      reason: 'forbidden-address',
    });
    expect(server.requests).toHaveLength(0);
  });

  it('connects to the permitted ones of several addresses only', async () => {
    const server = await listen(ok);
    const resolve = resolvingTo(['10.0.0.1', '127.0.0.1', '192.168.0.1']);
    const outbound = outboundTo('127.0.0.1', { resolve });
    expect(await text(outbound, `http://x.example:${server.port}/`)).toBe('ok');
  });

  it('judges the address that it connects to, when a name changes its mind', async () => {
    const server = await listen((_, response) => {
      response.shouldKeepAlive = false;
      response.end('ok');
    });
    const resolve = resolvingTo(['127.0.0.1'], ['127.0.0.2']);
    const outbound = outboundTo('127.0.0.1', { resolve });
    const url = `http://x.example:${server.port}/`;
    expect(await text(outbound, url)).toBe('ok');
    await expect(text(outbound, url)).rejects.toMatchObject({ reason: 'forbidden-address' });
    expect(server.requests).toHaveLength(1);
  });

  it('lets an allowed host and port through, and not the other ports of it', async () => {
    const [allowed, other] = [await listen(ok), await listen(ok)];
    const outbound = outboundTo(`x.example:${allowed.port}`, {
      resolve: resolvingTo(['127.0.0.1']),
    });
    expect(await text(outbound, `http://x.example:${allowed.port}/`)).toBe('ok');
    await expect(text(outbound, `http://x.example:${other.port}/`)).rejects.toMatchObject({
      reason: 'forbidden-address',
    });
    await expect(text(outbound, `http://127.0.0.1:${allowed.port}/`)).rejects.toMatchObject({
      reason: 'forbidden-address',
    });
  });

  it('does not tell which address a name has', async () => {
    const outbound = outboundTo('', { resolve: resolvingTo(['10.9.8.7']) });
    await expect(text(outbound, 'http://x.example/')).rejects.not.toThrow(/10\.9\.8\.7/);
  });

  it.each([
    'ftp://8.8.8.8/',
    'file:///etc/passwd',
    'http://user:secret@x.example/',
    'x.example/path',
    '',
  ])('refuses %j as a URL', async (url) => {
    await expect(outboundTo('').request({ ...get, url })).rejects.toMatchObject({
      reason: 'invalid-url',
    });
  });
});

describe('OutboundHttp and redirects', () => {
  const to = (location: string, status = 302): RequestListener => {
    return (_, response) => response.writeHead(status, { location }).end();
  };

  it('gives the redirect itself unless it may follow', async () => {
    const server = await listen(to('http://10.0.0.1/'));
    const url = `http://127.0.0.1:${server.port}/`;
    const response = await outboundTo('127.0.0.1').request({ ...get, url });
    expect(response.status).toBe(302);
    response.body.destroy();
  });

  it.each(['http://127.0.0.2:1/', 'http://169.254.169.254/', 'http://[::1]:1/', '//10.0.0.1/'])(
    'refuses a redirect to %s',
    async (location) => {
      const server = await listen(to(location));
      const url = `http://127.0.0.1:${server.port}/`;
      const outbound = outboundTo(`127.0.0.1:${server.port}`);
      await expect(outbound.request({ ...get, url, redirectsMax: 5 })).rejects.toMatchObject({
        reason: 'forbidden-address',
      });
    },
  );

  it('refuses a redirect to a file', async () => {
    const server = await listen(to('file:///etc/passwd'));
    const url = `http://127.0.0.1:${server.port}/`;
    const request = { ...get, url, redirectsMax: 5 };
    await expect(outboundTo('127.0.0.1').request(request)).rejects.toMatchObject({
      reason: 'invalid-url',
    });
  });

  it('stops after as many as are allowed', async () => {
    const server = await listen(to('/again'));
    const request = { ...get, url: `http://127.0.0.1:${server.port}/`, redirectsMax: 3 };
    await expect(outboundTo('127.0.0.1').request(request)).rejects.toMatchObject({
      reason: 'too-many-redirects',
    });
    expect(server.requests).toHaveLength(4);
  });

  it('keeps credentials on the way to the same origin and drops them on the way to another', async () => {
    const second = await listen(ok);
    const first = await listen((request, response) =>
      to(request.url === '/' ? '/same' : `http://127.0.0.1:${second.port}/other`)(
        request,
        response,
      ),
    );
    const response = await outboundTo('127.0.0.1').request({
      ...get,
      url: `http://127.0.0.1:${first.port}/`,
      headers: {
        Authorization: 'secret',
        'X-Api-Key': 'secret',
        Cookie: 'secret',
        Range: 'bytes=0-1',
      },
      redirectsMax: 2,
    });
    expect(response.url).toBe(`http://127.0.0.1:${second.port}/other`);
    expect(first.requests[1]?.headers).toMatchObject({ authorization: 'secret' });
    const sent = second.requests[0]?.headers;
    expect(JSON.stringify(sent)).not.toContain('secret');
    expect(sent).toMatchObject({ range: 'bytes=0-1' });
    response.body.destroy();
  });

  it.each([
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'body'],
    [308, 'POST', 'POST', 'body'],
  ])('%d makes of a %s a %s', async (status, method, expected, body) => {
    const server = await listen(async (request, response) => {
      if (request.url === '/') return to('/then', status)(request, response);
      let received = '';
      for await (const chunk of request) received += String(chunk);
      response.end(`${request.method} ${received}`);
    });
    const response = await outboundTo('127.0.0.1').request({
      method,
      url: `http://127.0.0.1:${server.port}/`,
      body: Buffer.from('body'),
      timeoutMs: 5_000,
      redirectsMax: 1,
    });
    expect((await readBody(response, 100)).toString()).toBe(`${expected} ${body}`);
  });
});

describe('OutboundHttp and callbacks', () => {
  it('bounds callbacks to the hosts that are named, and nothing else', async () => {
    const server = await listen(ok);
    const outbound = outboundTo('127.0.0.1', { callbackHosts: 'app.example' });
    const request = { ...get, url: `http://127.0.0.1:${server.port}/` };
    await expect(outbound.request({ ...request, isCallback: true })).rejects.toMatchObject({
      reason: 'forbidden-address',
    });
    expect((await outbound.request(request)).status).toBe(200);
  });

  it('still refuses private addresses of a host that is named', async () => {
    const outbound = outboundTo('', {
      callbackHosts: 'app.example',
      resolve: resolvingTo(['10.0.0.1']),
    });
    const request = { ...get, url: 'http://app.example/', isCallback: true };
    await expect(outbound.request(request)).rejects.toMatchObject({ reason: 'forbidden-address' });
  });
});

describe('OutboundHttp and slow or broken servers', () => {
  it('gives up on a server that never answers', async () => {
    const server = await listen(() => undefined);
    const request = { ...get, url: `http://127.0.0.1:${server.port}/`, timeoutMs: 50 };
    await expect(outboundTo('127.0.0.1').request(request)).rejects.toMatchObject({
      reason: 'timeout',
    });
  });

  it('gives up on a body that stops coming', async () => {
    const server = await listen((_, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('five.');
    });
    const url = `http://127.0.0.1:${server.port}/`;
    const response = await outboundTo('127.0.0.1').request({ ...get, url, idleTimeoutMs: 50 });
    await expect(readBody(response, 100)).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('waits for a reader that is slower than the sender', async () => {
    const size = 8 * 1024 * 1024;
    const server = await listen((_, response) => response.end(Buffer.alloc(size)));
    const url = `http://127.0.0.1:${server.port}/`;
    const response = await outboundTo('127.0.0.1').request({ ...get, url, idleTimeoutMs: 400 });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await readBody(response, size)).toHaveLength(size);
  });

  it('gives up on a body that drips for too long', async () => {
    const server = await listen((_, response) => {
      const timer = setInterval(() => response.write('.'), 10);
      response.once('close', () => clearInterval(timer));
    });
    const url = `http://127.0.0.1:${server.port}/`;
    const response = await outboundTo('127.0.0.1').request({ ...get, url });
    await expect(readBody(response, 1_000_000, 100)).rejects.toMatchObject({ reason: 'timeout' });
  });

  it.each([
    ['that is announced', { 'content-length': 101 }],
    ['that is not', {}],
  ])('refuses a body above the bound %s', async (_, headers) => {
    const server = await listen((_, response) =>
      response.writeHead(200, headers).end(Buffer.alloc(101)),
    );
    const url = `http://127.0.0.1:${server.port}/`;
    const response = await outboundTo('127.0.0.1').request({ ...get, url });
    await expect(readBody(response, 100)).rejects.toMatchObject({ reason: 'too-large' });
  });

  it('calls a body that breaks off unreachable', async () => {
    const server = await listen((_, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('five.', () => response.destroy());
    });
    const url = `http://127.0.0.1:${server.port}/`;
    const response = await outboundTo('127.0.0.1').request({ ...get, url });
    await expect(readBody(response, 100)).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('calls a refused connection and an unknown name unreachable', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const request = { ...get, url: `http://127.0.0.1:${port}/` };
    await expect(outboundTo('127.0.0.1').request(request)).rejects.toMatchObject({
      reason: 'unreachable',
    });
    const unknown: Resolve = (_hostname, _options, callback) =>
      callback(Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' }), []);
    await expect(
      outboundTo('', { resolve: unknown }).request({ ...get, url: 'http://no.example/' }),
    ).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('throws the reason of a signal, before and in the middle of an answer', async () => {
    const server = await listen((_, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('five.');
    });
    const url = `http://127.0.0.1:${server.port}/`;
    const outbound = outboundTo('127.0.0.1');
    const reason = new Error('the client left');
    const request = { ...get, url, signal: AbortSignal.abort(reason) };
    await expect(outbound.request(request)).rejects.toBe(reason);
    const controller = new AbortController();
    const response = await outbound.request({ ...get, url, signal: controller.signal });
    controller.abort(reason);
    await expect(readBody(response, 100)).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('calls headers that cannot be sent invalid', async () => {
    const request = { ...get, url: 'http://127.0.0.1:1/', headers: { host: 'a\r\nb: c' } };
    await expect(outboundTo('127.0.0.1').request(request)).rejects.toMatchObject({
      reason: 'invalid-url',
    });
  });

  it('sends a GET again that met a connection which its server had just closed', async () => {
    const server = await listen((request, response) => {
      if (request.url === '/second' && server.requests.length === 2) request.socket.destroy();
      else response.end('ok');
    });
    const outbound = outboundTo('127.0.0.1');
    expect(await text(outbound, `http://127.0.0.1:${server.port}/first`)).toBe('ok');
    await new Promise((resolve) => setImmediate(resolve));
    expect(await text(outbound, `http://127.0.0.1:${server.port}/second`)).toBe('ok');
    expect(server.requests).toHaveLength(3);
  });
});
