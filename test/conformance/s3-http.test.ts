import { once } from 'node:events';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { describeObject } from '../../src/s3/object-headers.ts';
import type { Route, S3Request } from '../../src/s3/operation.ts';
import { RawConnection, renderHead } from '../support/raw-http.ts';
import { fakeOperation, startS3Server, type TestS3Server } from '../support/s3-server.ts';
import { type RequestToSign, signRequest } from '../support/signed-request.ts';

/** What the fake operations saw. */
let seen: { request: S3Request; content?: string; error?: unknown }[] = [];
let server: TestS3Server | null = null;
let connections: RawConnection[] = [];

/** The body of an answer whose head cannot be sent. */
let unsendable = new Readable({ read() {} });

async function readAll(request: S3Request): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request.content().open()) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('latin1');
}

const putObject = fakeOperation(
  'PutObject',
  async (request) => {
    const record: (typeof seen)[number] = { request };
    seen.push(record);
    try {
      record.content = await readAll(request);
    } catch (error) {
      record.error = error;
      throw error;
    }
    return { status: 200, headers: { etag: '"e"' } };
  },
  'required',
);

const getObject = fakeOperation(
  'GetObject',
  async (request) => {
    seen.push({ request });
    if (request.key === 'broken') {
      const body = Readable.from(
        (async function* () {
          yield Buffer.from('hel');
          throw new Error('A storage server went away.');
        })(),
      );
      return { status: 200, headers: { 'content-length': 5 }, body };
    }
    if (request.key === 'endless') {
      const body = new Readable({
        read() {
          this.push(Buffer.alloc(65_536));
        },
      });
      return { status: 200, headers: { 'content-length': 2 ** 40 }, body };
    }
    if (request.key === 'bad-header') {
      return { status: 200, headers: { etag: 'a\nb' }, body: unsendable };
    }
    const headers = { 'content-length': 5, 'x-amz-meta-name': 'caf\u00e9' };
    return { status: 200, headers, body: Readable.from([Buffer.from('hello')]) };
  },
  'required',
);

const routes: readonly Route[] = [
  { method: 'PUT', resource: 'object', subresource: null, operation: putObject },
  { method: 'GET', resource: 'object', subresource: null, operation: getObject },
  { method: 'HEAD', resource: 'object', subresource: null, operation: getObject },
  {
    method: 'POST',
    resource: 'bucket',
    subresource: 'delete',
    operation: fakeOperation('DeleteObjects', async (request) => ({
      status: 200,
      body: `<Got>${await request.text(100)}</Got>`,
    })),
  },
];

async function start(options: Parameters<typeof startS3Server>[1] = {}): Promise<TestS3Server> {
  server = await startS3Server(routes, options);
  return server;
}

async function connectTo({ listener }: TestS3Server): Promise<RawConnection> {
  const connection = await RawConnection.open(listener.port);
  connections.push(connection);
  return connection;
}

function put(key: string, headers: Record<string, string>, extra: Partial<RequestToSign> = {}) {
  const unsigned = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers };
  return renderHead(
    signRequest({ method: 'PUT', target: `/photos/${key}`, headers: unsigned, ...extra }),
  );
}

const getCat = () => renderHead(signRequest({ target: '/photos/cat' }));

afterEach(async () => {
  for (const connection of connections) connection.destroy();
  await server?.close();
  connections = [];
  unsendable = new Readable({ read() {} });
  seen = [];
  server = null;
});

describe('what is no valid request', () => {
  it.each([
    ['an unknown method', 'FROB / HTTP/1.1\r\n\r\n', 405, 'MethodNotAllowed'],
    ['a method in lower case', 'get / HTTP/1.1\r\n\r\n', 405, 'MethodNotAllowed'],
    ['bytes beyond ASCII in the path', 'GET /caf\u00e9 HTTP/1.1\r\n\r\n', 400, 'InvalidURI'],
    ['an asterisk for a path', 'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n', 400, 'InvalidURI'],
    ['a bad escape', 'GET /a%zz HTTP/1.1\r\nHost: h\r\n\r\n', 400, 'InvalidURI'],
    ['a space in the path', 'GET /a b HTTP/1.1\r\n\r\n', 400, 'InvalidRequest'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 405, 'MethodNotAllowed'],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400, 'InvalidRequest'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'InvalidRequest'],
    [
      'two lengths',
      'PUT /a/b HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'InvalidRequest',
    ],
    [
      'a length and chunks',
      'PUT /a/b HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'InvalidRequest',
    ],
    [
      'a header block above 16 KiB',
      `GET / HTTP/1.1\r\nHost: h\r\nX-A: ${'a'.repeat(17_000)}\r\n\r\n`,
      400,
      'RequestHeaderSectionTooLarge',
    ],
    [
      'a key above 1024 bytes',
      `GET /photos/${'a'.repeat(1025)} HTTP/1.1\r\nHost: h\r\n\r\n`,
      400,
      'KeyTooLongError',
    ],
    ['no signature', 'GET /photos/cat HTTP/1.1\r\nHost: h\r\n\r\n', 403, 'AccessDenied'],
  ])('%s gets an error document', async (_what, bytes, status, code) => {
    const connection = await connectTo(await start());
    connection.write(bytes);
    const response = await connection.response();
    expect(response.status).toBe(status);
    expect(response.body).toContain(`<Code>${code}</Code>`);
    expect(response.headers.get('content-type')).toBe('application/xml');
    const requestId = response.headers.get('x-amz-request-id');
    expect(requestId).toMatch(/^[0-9A-F]{16}$/);
    expect(response.body).toContain(`<RequestId>${requestId}</RequestId>`);
    expect(seen).toEqual([]);
  });

  it('keeps hundreds of headers, since one that vanished would go unsigned', async () => {
    const connection = await connectTo(await start());
    const many = Array.from({ length: 1000 }, (_, index) => `a${index}: b\r\n`).join('');
    connection.write(
      `GET /photos/cat HTTP/1.1\r\nHost: h\r\n${many}x-amz-date: bad\r\nAuthorization: AWS a:b\r\n\r\n`,
    );
    expect((await connection.response()).body).toContain('Please use AWS4-HMAC-SHA256');
  });
});

describe('paths', () => {
  it.each([
    ['/photos/a/../b', 'a/../b'],
    ['/photos//a//', '/a//'],
    ['/photos/a%2Fb', 'a/b'],
    ['/photos/a%20b%2Bc%25', 'a b+c%'],
    ['/photos/%F0%9F%98%80/%01', '😀/\u0001'],
    ['/photos/.', '.'],
    ['/photos/a%5Cb', 'a\\b'],
  ])('%s is the key %j', async (target, key) => {
    const connection = await connectTo(await start());
    connection.write(renderHead(signRequest({ target })));
    expect((await connection.response()).status).toBe(200);
    expect(seen[0]?.request.key).toBe(key);
    expect(seen[0]?.request.path).toBe(target);
  });

  it('takes the bucket from the host of a configured domain', async () => {
    const connection = await connectTo(await start({ domains: ['localhost'] }));
    const signed = signRequest({ target: '/cat', headers: { Host: 'photos.localhost:9000' } });
    connection.write(renderHead(signed));
    expect((await connection.response()).status).toBe(200);
    expect(seen[0]?.request).toMatchObject({ bucketName: 'photos', key: 'cat' });
  });
});

describe('bodies', () => {
  it('arrive whole, and the connection is kept', async () => {
    const connection = await connectTo(await start());
    for (const content of ['hello', '', 'again']) {
      connection.write(put('cat', { 'Content-Length': String(content.length) }) + content);
      expect(await connection.response()).toMatchObject({ status: 200, body: '' });
    }
    expect(seen.map((record) => record.content)).toEqual(['hello', '', 'again']);
  });

  it.each([
    ['without a length', {}, 411, 'MissingContentLength'],
    ['in chunks without a length', { 'Transfer-Encoding': 'chunked' }, 411, 'MissingContentLength'],
    [
      'in another transfer encoding',
      { 'Transfer-Encoding': 'gzip, chunked' },
      501,
      'NotImplemented',
    ],
    ['with a short MD5', { 'Content-Length': '0', 'Content-MD5': 'YWJj' }, 400, 'InvalidDigest'],
    [
      'with an MD5 of words',
      { 'Content-Length': '0', 'Content-MD5': 'abc!' },
      400,
      'InvalidDigest',
    ],
    [
      'with two checksums',
      {
        'Content-Length': '0',
        'x-amz-checksum-crc32': 'AAAAAA==',
        'x-amz-checksum-crc32c': 'AAAAAA==',
      },
      400,
      'InvalidRequest',
    ],
    [
      'with an unknown checksum',
      { 'Content-Length': '0', 'x-amz-checksum-md4': 'AAAAAA==' },
      400,
      'InvalidRequest',
    ],
    [
      'with a trailer that no framing brings',
      { 'Content-Length': '0', 'x-amz-trailer': 'x-amz-checksum-crc32' },
      400,
      'InvalidRequest',
    ],
    [
      'in aws-chunked framing without the decoded length',
      { 'Content-Length': '5', 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' },
      411,
      'MissingContentLength',
    ],
    [
      'in a framing whose trailer is not announced',
      {
        'Content-Length': '5',
        'x-amz-decoded-content-length': '0',
        'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      },
      400,
      'InvalidRequest',
    ],
    [
      'to be encrypted',
      { 'Content-Length': '0', 'x-amz-server-side-encryption': 'AES256' },
      501,
      'NotImplemented',
    ],
  ])('%s are refused', async (_what, headers, status, code) => {
    const connection = await connectTo(await start());
    connection.write(put('cat', headers));
    const response = await connection.response();
    expect(response.status).toBe(status);
    expect(response.body).toContain(`<Code>${code}</Code>`);
    expect(seen.every((record) => record.content === undefined)).toBe(true);
  });

  it('never show aws-chunked in the Content-Encoding of the object', async () => {
    const connection = await connectTo(await start());
    for (const encoding of ['aws-chunked', 'aws-chunked,gzip', 'gzip']) {
      connection.write(put('cat', { 'Content-Length': '0', 'Content-Encoding': encoding }));
      await connection.response();
    }
    const described = seen.map(({ request }) => describeObject(request.headers).headers);
    expect(described).toEqual([{}, { 'content-encoding': 'gzip' }, { 'content-encoding': 'gzip' }]);
  });

  it('that stall get RequestTimeout and lose their connection', async () => {
    const connection = await connectTo(await start({ bodyPace: { idleTimeoutMs: 50 } }));
    connection.write(`${put('cat', { 'Content-Length': '10' })}hello`);
    const response = await connection.response();
    expect(response.status).toBe(400);
    expect(response.body).toContain('<Code>RequestTimeout</Code>');
    expect(response.headers.get('connection')).toBe('close');
    expect(await connection.rest()).toBe('');
    expect(seen[0]?.error).toMatchObject({ code: 'RequestTimeout' });
  });

  it('that trickle get RequestTimeout as well', async () => {
    const bodyPace = { idleTimeoutMs: 60, bytesPerSecondMin: 100_000 };
    const connection = await connectTo(await start({ bodyPace }));
    connection.write(put('cat', { 'Content-Length': '100000' }));
    const trickle = setInterval(() => connection.write('x'), 5);
    const response = await connection.response();
    clearInterval(trickle);
    expect(response.body).toContain('<Code>RequestTimeout</Code>');
    expect(seen[0]?.error).toMatchObject({ code: 'RequestTimeout' });
  });

  it('whose client is gone fail, and the operation is told to stop', async () => {
    const started = await start();
    const { logLines } = started;
    const connection = await connectTo(started);
    connection.write(`${put('cat', { 'Content-Length': '10' })}hello`);
    await expect.poll(() => seen.length).toBe(1);
    connection.socket.resetAndDestroy();
    await expect.poll(() => seen[0]?.error).toMatchObject({ code: 'IncompleteBody' });
    await expect.poll(() => seen[0]?.request.signal.aborted).toBe(true);
    await expect.poll(() => logLines.at(-1)).toMatchObject({ clientGone: true, key: 'cat' });
  });

  it('that end before their length fail', async () => {
    const connection = await connectTo(await start());
    connection.write(`${put('cat', { 'Content-Length': '10' })}hello`);
    await expect.poll(() => seen.length).toBe(1);
    connection.socket.end();
    await expect.poll(() => seen[0]?.error).toMatchObject({ code: 'IncompleteBody' });
    // The client has closed its own side only, and gets to know.
    const response = await connection.response();
    expect(response.status).toBe(400);
    expect(response.body).toContain('<Code>IncompleteBody</Code>');
    expect(response.headers.get('connection')).toBe('close');
    expect(await connection.rest()).toBe('');
  });

  it('are held to their XML bound', async () => {
    const connection = await connectTo(await start());
    const post = (body: string) =>
      renderHead(signRequest({ method: 'POST', target: '/photos?delete=', body })) + body;
    connection.write(post('<Delete/>'));
    expect((await connection.response()).body).toBe('<Got><Delete/></Got>');
    connection.write(post('a'.repeat(101)));
    expect((await connection.response()).body).toContain('<Code>MalformedXML</Code>');
  });

  it.each([
    ['another SHA-256', { 'x-amz-content-sha256': 'a'.repeat(64) }, 'XAmzContentSHA256Mismatch'],
    ['another MD5', { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }, 'BadDigest'],
    ['another CRC', { 'x-amz-checksum-crc32': 'AAAAAA==' }, 'BadDigest'],
  ])('of XML with %s are refused', async (_what, headers, code) => {
    const connection = await connectTo(await start());
    const request = signRequest({
      method: 'POST',
      target: '/photos?delete=',
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'Content-Length': '9', ...headers },
    });
    connection.write(`${renderHead(request)}<Delete/>`);
    expect((await connection.response()).body).toContain(`<Code>${code}</Code>`);
  });
});

describe('Expect: 100-continue', () => {
  const expecting = { 'Content-Length': '5', Expect: '100-continue' };

  it('is answered when the operation wants the body', async () => {
    const connection = await connectTo(await start());
    connection.write(put('cat', expecting));
    expect((await connection.response()).status).toBe(100);
    connection.write('hello');
    expect((await connection.response()).status).toBe(200);
    expect(seen[0]?.content).toBe('hello');
  });

  it.each([
    [
      'no signature',
      'PUT /photos/cat HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n',
      403,
    ],
    ['no such bucket', put('cat', expecting, { target: '/none/cat' }), 404],
    ["another's bucket", put('cat', expecting, { target: '/others/cat' }), 403],
    ['a bad digest', put('cat', { ...expecting, 'Content-MD5': 'x' }), 400],
  ])('is not answered with %s', async (_what, head, status) => {
    const connection = await connectTo(await start());
    connection.write(head);
    const response = await connection.response();
    expect(response.status).toBe(status);
    expect(response.headers.get('connection')).toBe('close');
    connection.socket.end();
    expect(await connection.rest()).toBe('');
  });
});

describe('answers that come before the body was read', () => {
  it('keep the connection when little is left of it', async () => {
    const connection = await connectTo(await start());
    connection.write(`${put('cat', { 'Content-Length': '5' }, { target: '/none/cat' })}hello`);
    expect((await connection.response()).status).toBe(404);
    connection.write(getCat());
    expect(await connection.response()).toMatchObject({ status: 200, body: 'hello' });
  });

  it('reach a client that goes on sending, and then close', async () => {
    const connection = await connectTo(await start());
    const size = 4 * 1024 * 1024;
    connection.write(put('cat', { 'Content-Length': String(size) }, { target: '/none/cat' }));
    const response = await connection.response();
    expect(response.status).toBe(404);
    expect(response.headers.get('connection')).toBe('close');
    connection.write(Buffer.alloc(size));
    connection.write(getCat());
    expect(await connection.rest()).toBe('');
    expect(seen).toEqual([]);
  });
});

describe('answers', () => {
  it('name the request, the gateway and the date', async () => {
    const connection = await connectTo(await start());
    connection.write(getCat());
    const { headers } = await connection.response();
    expect(headers.get('x-amz-request-id')).toMatch(/^[0-9A-F]{16}$/);
    expect(headers.get('x-amz-id-2')).toMatch(/^\S{32}$/);
    expect(headers.get('server')).toBe('fastdfs-s3');
    expect(headers.get('date')).toMatch(/GMT$/);
    expect(headers.get('x-amz-meta-name')).toBe('caf\u00e9');
  });

  it('to HEAD have no body, errors neither', async () => {
    const connection = await connectTo(await start());
    connection.write(renderHead(signRequest({ method: 'HEAD', target: '/photos/cat' })));
    const found = await connection.response({ isHead: true });
    expect(found.headers.get('content-length')).toBe('5');
    connection.write(renderHead(signRequest({ method: 'HEAD', target: '/none/cat' })));
    expect((await connection.response({ isHead: true })).status).toBe(404);
    connection.write(getCat());
    expect(await connection.response()).toMatchObject({ status: 200, body: 'hello' });
  });

  it('come in order when requests are pipelined', async () => {
    const connection = await connectTo(await start());
    connection.write(getCat() + renderHead(signRequest({ target: '/none/cat' })) + getCat());
    expect((await connection.response()).status).toBe(200);
    expect((await connection.response()).status).toBe(404);
    expect((await connection.response()).status).toBe(200);
  });

  it('never look whole when their body fails', async () => {
    const started = await start();
    const { logLines } = started;
    const connection = await connectTo(started);
    connection.write(renderHead(signRequest({ target: '/photos/broken' })));
    const response = await connection.response();
    expect(response.headers.get('content-length')).toBe('5');
    expect(response.body.length).toBeLessThan(5);
    expect(await connection.rest()).not.toContain('<Error>');
    await expect.poll(() => logLines.some((line) => line.errorCode === 'InternalError')).toBe(true);
  });

  it('turn into an error when a header cannot be sent', async () => {
    const connection = await connectTo(await start());
    connection.write(renderHead(signRequest({ target: '/photos/bad-header' })));
    const response = await connection.response();
    expect(response.status).toBe(500);
    expect(response.body).toContain('<Code>InternalError</Code>');
    expect(unsendable.destroyed).toBe(true);
  });

  it('that nobody reads any more are no errors in the log', async () => {
    const started = await start();
    const { logLines } = started;
    const connection = await connectTo(started);
    connection.write(renderHead(signRequest({ target: '/photos/endless' })));
    await expect.poll(() => seen.length).toBe(1);
    connection.destroy();
    await expect.poll(() => logLines.length).toBeGreaterThan(0);
    expect(logLines).toMatchObject([{ clientGone: true, errorCode: null, key: 'endless' }]);
    expect(seen[0]?.request.signal.aborted).toBe(true);
  });

  it('tell clients to slow down while too many requests are served', async () => {
    const started = await start({ requestsMax: 1 });
    const busy = await connectTo(started);
    busy.write(renderHead(signRequest({ target: '/photos/endless' })));
    await expect.poll(() => seen.length).toBe(1);
    const connection = await connectTo(started);
    connection.write(getCat());
    const refused = await connection.response();
    expect(refused.status).toBe(503);
    expect(refused.body).toContain('<Code>SlowDown</Code>');
    expect(refused.headers.get('retry-after')).toBe('1');
    busy.destroy();
    await expect.poll(() => started.logLines.some(({ key }) => key === 'endless')).toBe(true);
    connection.write(getCat());
    expect((await connection.response()).status).toBe(200);
  });

  it('allow the methods that a resource has', async () => {
    const connection = await connectTo(await start());
    connection.write(renderHead(signRequest({ method: 'DELETE', target: '/photos/cat' })));
    const response = await connection.response();
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('PUT, GET, HEAD');
  });
});

describe('the log', () => {
  it('has one line for a request, and no secret in it', async () => {
    const started = await start();
    const { logLines } = started;
    const connection = await connectTo(started);
    const request = signRequest({ target: '/photos/cat?versionId=null', signQuery: true });
    const signature = /X-Amz-Signature=([0-9a-f]+)/.exec(request.target)?.[1] ?? '';
    connection.write(renderHead(request));
    const response = await connection.response();
    await expect.poll(() => logLines.length).toBe(1);
    expect(logLines[0]).toMatchObject({
      requestId: response.headers.get('x-amz-request-id'),
      operation: 'GetObject',
      bucket: 'photos',
      key: 'cat',
      httpStatus: 200,
      errorCode: null,
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      clientGone: false,
    });
    expect(signature).toHaveLength(64);
    expect(JSON.stringify(logLines)).not.toContain(signature);
    expect(JSON.stringify(logLines)).not.toContain('X-Amz-');
  });
});

describe('closing', () => {
  it('closes idle connections and lets begun requests end', async () => {
    const started = await start();
    const { listener } = started;
    const idle = await connectTo(started);
    idle.write(getCat());
    await idle.response();
    const busy = await connectTo(started);
    busy.write(`${put('cat', { 'Content-Length': '5' })}he`);
    await expect.poll(() => seen.length).toBe(2);
    const closed = listener.close(60_000);
    await once(idle.socket, 'end');
    await expect(RawConnection.open(listener.port)).rejects.toThrow();
    busy.write('llo');
    const response = await busy.response();
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    await closed;
  });

  it('cuts off what outlives the grace', async () => {
    const started = await start();
    const { listener } = started;
    const busy = await connectTo(started);
    busy.write(`${put('cat', { 'Content-Length': '5' })}he`);
    await expect.poll(() => seen.length).toBe(1);
    await listener.close(10);
    expect(await busy.rest()).toBe('');
  });
});
