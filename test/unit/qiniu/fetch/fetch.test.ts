import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeEntry, encodeUrlSafe } from '../../../../src/qiniu/encodings.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import {
  otherQiniuKeyId,
  type QiniuServer,
  startQiniuServer,
} from '../../../support/qiniu-server.ts';

const answers: Record<string, (response: ServerResponse) => void> = {
  '/hello.txt': (response) => response.setHeader('content-type', 'text/x-own').end('hello'),
  '/untyped.png': (response) => response.end('hello'),
  '/missing': (response) => response.writeHead(404).end(),
  '/broken': (response) => response.writeHead(500).end('secret of the inside'),
  '/moved': (response) => response.writeHead(302, { location: '/hello.txt' }).end(),
  '/loop': (response) => response.writeHead(302, { location: '/loop' }).end(),
  '/inside': (response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
  '/large': (response) => response.end(Buffer.alloc(2 ** 20 + 1)),
  '/endless': (response) => {
    const more = (): unknown => response.write(Buffer.alloc(65_536), (error) => error ?? more());
    more();
  },
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': '10' }).write('half');
    setTimeout(() => response.destroy(), 20);
  },
  '/silent': () => {},
};

let core: TestCore;
let server: QiniuServer;
let source: Server;
let origin: string;

beforeEach(async () => {
  source = createServer((request, response) => answers[request.url ?? '']?.(response));
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(source.address() as AddressInfo).port}`;
  await start();
});
afterEach(async () => {
  source.closeAllConnections();
  source.close();
  await server.close();
  await core.index.close();
});

async function start(options: Parameters<typeof createTestCore>[0] = {}): Promise<void> {
  core = await createTestCore(options);
  server = await startQiniuServer(core, {
    fetchLimits: { sizeBytesMax: 2 ** 20, timeoutMs: 2_000 },
  });
}

const pathOf = (url: string, key: string | null, bucket = 'photos') =>
  `/fetch/${encodeUrlSafe(url)}/to/${encodeEntry(bucket, key)}`;
const fetchTo = (url: string, key: string | null = 'copy') => server.call(pathOf(url, key));

describe('/fetch', () => {
  it('stores what a URL gives, and tells of it', async () => {
    const { status, json } = await fetchTo(`${origin}/hello.txt`);
    expect([status, json]).toEqual([
      200,
      { hash: 'Fqr0xh3cxeii2r7eDztILNmuqUNN', key: 'copy', fsize: 5, mimeType: 'text/x-own' },
    ]);
    const object = await core.index.findObject(core.bucket.id, 'copy');
    expect(object).toMatchObject({
      etag: '5d41402abc4b2a76b9719d911017c592',
      qetag: 'Fqr0xh3cxeii2r7eDztILNmuqUNN',
      headers: { 'content-type': 'text/x-own' },
    });
  });

  it('takes the hash for the key where none is given, and the place of what is there', async () => {
    const { json } = await fetchTo(`${origin}/hello.txt`, null);
    expect(json).toMatchObject({ key: 'Fqr0xh3cxeii2r7eDztILNmuqUNN' });
    expect((await fetchTo(`${origin}/hello.txt`)).status).toBe(200);
    expect((await fetchTo(`${origin}/untyped.png`)).json).toMatchObject({ mimeType: 'image/png' });
  });

  it('follows redirects', async () => {
    expect((await fetchTo(`${origin}/moved`)).json).toMatchObject({ fsize: 5 });
  });

  it.each([
    ['/missing', 404, 'the source has no such file'],
    ['/broken', 478, 'the source answers 500'],
    ['/loop', 478, ''],
    ['/inside', 403, ''],
    ['/large', 413, 'the source has more than 1048576 bytes'],
    ['/endless', 413, 'the source has more than 1048576 bytes'],
    ['/cut', 478, 'the answer of the source broke off'],
    ['/silent', 478, 'the source is too slow'],
  ])('of %s answers %d and stores nothing', async (path, status, error) => {
    const answer = await fetchTo(origin + path);
    expect(answer.status).toBe(status);
    if (error) expect(answer.json).toEqual({ error });
    expect(await core.keys()).toEqual([]);
    // What is still being written is given back when that has ended.
    await vi.waitFor(() => expect(core.spool.usedBytes).toBe(0));
  });

  it.each([
    ['ftp://127.0.0.1/', 400],
    ['file:///etc/passwd', 400],
    ['nonsense', 400],
    ['http://127.0.0.1:1/', 478],
    ['http://10.0.0.1/', 403],
    ['http://[::1]/', 403],
    ['http://169.254.169.254/latest/meta-data/', 403],
    ['http://0x0a000001/', 403],
  ])('of %s answers %d', async (url, status) => {
    expect((await fetchTo(url)).status).toBe(status);
  });

  it('talks to no address of the inside unless it may', async () => {
    await server.close();
    await start({ outbound: { allowed: [] } });
    const { status } = await fetchTo(`${origin}/hello.txt`);
    expect(status).toBe(403);
    expect(await core.keys()).toEqual([]);
  });

  it('asks nobody for those who may not store it', async () => {
    let askedCount = 0;
    source.on('request', () => {
      askedCount += 1;
    });
    const url = `${origin}/hello.txt`;
    const bobs = await server.call(pathOf(url, 'copy'), { accessKeyId: otherQiniuKeyId });
    expect(bobs.status).toBe(403);
    expect((await server.call(pathOf(url, 'copy', 'nothing'))).status).toBe(631);
    expect((await server.send({ path: pathOf(url, 'copy') })).status).toBe(401);
    expect((await server.call(`/fetch/${encodeUrlSafe(url)}/to/!!`)).status).toBe(400);
    expect(askedCount).toBe(0);
  });
});
