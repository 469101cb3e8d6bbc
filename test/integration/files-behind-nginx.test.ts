import { createHash, randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openToPublic } from '../../src/core/access/public-read.ts';
import { createBucket } from '../../src/core/buckets.ts';
import { putObject } from '../../src/core/put-object.ts';
import { fileToken } from '../../src/files/read/anti-steal.ts';
import type { Bucket } from '../../src/object-index/records.ts';
import { describeWithProgram } from '../support/command-line.ts';
import { createTestCore, type TestCore } from '../support/core-services.ts';
import { type EmbeddedCluster, startEmbeddedCluster } from '../support/embedded-cluster.ts';
import { closedRules, type FilesServer, startFilesServer } from '../support/files-server.ts';
import { incomingContent } from '../support/incoming-content.ts';
import { findPort, hasPurgeModule, type Nginx, startNginx } from '../support/nginx.ts';

const secret = 'FastDFS1234567890';
const signal = new AbortController().signal;

/** As deployment guides have it: kept by the whole URL, browsers told 30 days. */
const tier = (upstream: string) => ({
  http: `
    proxy_cache_path CACHE levels=1:2 keys_zone=http-cache:10m max_size=1g inactive=30d;
    proxy_buffering on; gzip off;
    upstream fdfs { server ${upstream} max_fails=3 fail_timeout=30s; }`,
  server: `
    location ~ /purge(/.*) {
      allow 127.0.0.1; deny all;
      proxy_cache_purge http-cache $1$is_args$args;
    }
    location / {
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_next_upstream http_502 http_504 error timeout invalid_header;
      proxy_cache http-cache;
      proxy_cache_valid 200 304 12h;
      proxy_cache_key $uri$is_args$args;
      add_header X-Cache-Status $upstream_cache_status always;
      proxy_pass http://fdfs;
    }`,
});

let cluster: EmbeddedCluster;
let core: TestCore;
let bucket: Bucket;

const trackers = () =>
  cluster.nodes.filter(({ role }) => role === 'tracker').map(({ address }) => address);

beforeAll(async () => {
  cluster = await startEmbeddedCluster({ groups: 1, trackers: 1 });
  core = await createTestCore({ segmentSizeBytesMax: 2 ** 30 });
  await createBucket(core, core.alice, 'public', null);
  const created = await core.index.findBucket('public');
  if (!created) throw new Error('no bucket');
  bucket = created;
  await openToPublic(core, bucket);
  bucket = (await core.index.findBucket('public')) ?? bucket;
});

afterAll(async () => {
  await cluster.close();
});

async function store(server: FilesServer, key: string, content: Buffer): Promise<string> {
  const { fileId } = await putObject(server.core, {
    ...{ bucket, key, caller: core.alice, signal, named: { extension: 'jpg' } },
    description: { headers: {}, userMetadata: {} },
    content: incomingContent(content),
  });
  if (fileId === null) throw new Error('not one file');
  return fileId;
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

/** Purging is nobody's business to wait for; it comes within moments. */
async function until(isSo: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isSo()) return true;
    await setTimeout(50);
  }
  return false;
}

const cacheTests = hasPurgeModule
  ? 'with a cache'
  : 'with a cache (skipped: ngx_cache_purge is not installed)';

describeWithProgram('nginx', () => {
  describe.skipIf(!hasPurgeModule)(cacheTests, () => {
    let server: FilesServer;
    let nginx: Nginx;

    beforeAll(async () => {
      const port = await findPort();
      const rules = { antiSteal: { ...closedRules.antiSteal, secret } };
      const purgeUrls = [`http://127.0.0.1:${port}/purge`];
      server = await startFilesServer(core, trackers(), rules, purgeUrls);
      nginx = await startNginx(port, tier(`127.0.0.1:${server.port}`));
    });

    afterAll(async () => {
      await nginx.stop();
      await server.close();
    });

    const get = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(nginx.url + path, init);
      const body = await bytesOf(response);
      return {
        response,
        status: response.status,
        body,
        cache: response.headers.get('x-cache-status'),
      };
    };

    it('is asked for a public file once', async () => {
      const content = randomBytes(300_000);
      const path = `/${await store(server, 'hit.jpg', content)}`;
      const first = await get(path);
      const second = await get(path);
      expect([first.status, first.cache, second.cache]).toEqual([200, 'MISS', 'HIT']);
      expect(digest(second.body)).toBe(digest(content));
      const told = ({ headers }: Response) =>
        ['content-type', 'etag', 'last-modified', 'cache-control'].map((each) => headers.get(each));
      expect(told(second.response)).toEqual(told(first.response));
      expect((await get(`/${path}`)).cache).toBe('HIT');
    });

    it('answers ranges and conditions from what it keeps', async () => {
      const content = randomBytes(5_000);
      const path = `/${await store(server, 'range.jpg', content)}`;
      const { response } = await get(path);
      const etag = response.headers.get('etag') ?? '';
      const ranged = await get(path, { headers: { range: 'bytes=0-0' } });
      expect([ranged.status, ranged.cache, ranged.body]).toEqual([
        206,
        'HIT',
        content.subarray(0, 1),
      ]);
      const known = await get(path, { headers: { 'if-none-match': etag } });
      expect([known.status, known.cache]).toEqual([304, 'HIT']);
      const since = { 'if-modified-since': response.headers.get('last-modified') ?? '' };
      expect((await get(path, { headers: since })).status).toBe(304);
      expect((await get(path, { method: 'HEAD' })).cache).toBe('HIT');
    });

    it('forgets a deleted file, however it was asked for', async () => {
      const path = `/${await store(server, 'deleted.jpg', randomBytes(1_000))}`;
      const asked = [path, `${path}?filename=a%20b.jpg`, `/download${path}`, `${path}?v=2`];
      for (const each of asked) await get(each);
      for (const each of asked) expect((await get(each)).cache).toBe('HIT');
      await server.core.index.deleteObjects(bucket.id, ['deleted.jpg']);
      for (const each of asked) {
        expect(await until(async () => (await get(each)).status === 404)).toBe(true);
      }
    });

    it('forgets a file that was replaced, and one that nobody may read any more', async () => {
      const replaced = `/${await store(server, 'changed.jpg', randomBytes(1_000))}`;
      await get(replaced);
      const disabled = `/${await store(server, 'changed.jpg', randomBytes(1_000))}`;
      expect(await until(async () => (await get(replaced)).status === 404)).toBe(true);
      expect((await get(disabled)).status).toBe(200);
      const change = { kodo: { isDisabled: true } };
      const place = { bucketId: bucket.id, key: 'changed.jpg', versionId: null };
      await server.core.index.changeObject({ ...place, change });
      expect(await until(async () => (await get(disabled)).status === 403)).toBe(true);
    });

    it('never keeps what a token opened, nor an error', async () => {
      const fileId = await createPrivate('private.jpg');
      const ts = Math.floor(core.now() / 1000);
      const token = fileToken(fileId.replace('group1/', ''), secret, BigInt(ts));
      const path = `/${fileId}?token=${token}&ts=${ts}`;
      expect((await get(path)).status).toBe(200);
      expect((await get(path)).cache).toBe('MISS');
      expect((await get(`/${fileId}`)).status).toBe(400);
      expect((await get(`/${fileId}`)).cache).toBe('MISS');
    });

    async function createPrivate(key: string): Promise<string> {
      const { fileId } = await putObject(server.core, {
        ...{ bucket: core.bucket, key, caller: core.alice, signal },
        description: { headers: {}, userMetadata: {} },
        content: incomingContent(randomBytes(1_000)),
        named: { extension: 'jpg' },
      });
      return fileId ?? '';
    }
  });

  describe('and a storage server that dies', () => {
    let server: FilesServer;
    let nginx: Nginx;

    beforeAll(async () => {
      server = await startFilesServer(core, trackers(), { access: 'open' });
      nginx = await startNginx(await findPort(), {
        http: `upstream fdfs { server 127.0.0.1:${server.port}; }`,
        server: 'location / { proxy_pass http://fdfs; proxy_buffering off; }',
      });
    });

    afterAll(async () => {
      await nginx.stop();
      await server.close();
    });

    it('clients see neither the death nor an error', async () => {
      const contents = Array.from({ length: 8 }, () => randomBytes(4 * 2 ** 20));
      const fileIds: string[] = [];
      for (const [index, content] of contents.entries()) {
        fileIds.push(await store(server, `death-${index}.jpg`, content));
      }
      await cluster.waitUntilReplicated();
      let isKilled = false;
      const downloads = fileIds.map(async (fileId, index) => {
        const response = await fetch(`${nginx.url}/${fileId}`);
        const chunks: Uint8Array[] = [];
        for await (const chunk of response.body ?? []) {
          chunks.push(chunk);
          if (isKilled) continue;
          isKilled = true;
          await cluster.kill('g1s1');
        }
        const expected = contents[index] ?? Buffer.alloc(0);
        return [response.status, digest(Buffer.concat(chunks)) === digest(expected)];
      });
      expect(await Promise.all(downloads)).toEqual(contents.map(() => [200, true]));
      for (const [index, fileId] of fileIds.entries()) {
        const response = await fetch(`${nginx.url}/${fileId}`, {
          method: index % 2 ? 'HEAD' : 'GET',
        });
        await response.arrayBuffer();
        expect(response.status).toBe(200);
      }
      await cluster.start('g1s1');
      await cluster.waitUntilActive();
    });
  });

  describe('that sends the bytes itself', () => {
    it('gets them where the gateway says, and answers with its headers', async () => {
      const handingOver = { mode: 'accel', prefix: '/fastdfs-files' } as const;
      const server = await startFilesServer(core, trackers(), { handingOver });
      // In the place of the nginx with FastDFS's module that runs on a storage server.
      const module = await startFilesServer(core, trackers(), { access: 'open' });
      const nginx = await startNginx(await findPort(), {
        http: `upstream gateway { server 127.0.0.1:${server.port}; }
          upstream module { server 127.0.0.1:${module.port}; }`,
        server: `location / { proxy_pass http://gateway; }
          location /fastdfs-files/ { internal; proxy_pass http://module/; }`,
      });
      try {
        const content = randomBytes(100_000);
        const fileId = await store(server, 'accel.jpg', content);
        const response = await fetch(`${nginx.url}/${fileId}?filename=a.jpg`);
        expect(response.status).toBe(200);
        expect(digest(await bytesOf(response))).toBe(digest(content));
        expect(response.headers.get('content-disposition')).toContain('a.jpg');
        const ranged = await fetch(`${nginx.url}/${fileId}`, { headers: { range: 'bytes=5-9' } });
        expect(await bytesOf(ranged)).toEqual(content.subarray(5, 10));
        expect((await fetch(`${nginx.url}/fastdfs-files/${fileId}`)).status).toBe(404);
        await core.index.deleteObjects(bucket.id, ['accel.jpg']);
        expect((await fetch(`${nginx.url}/${fileId}`)).status).toBe(404);
      } finally {
        await nginx.stop();
        await server.close();
        await module.close();
      }
    });
  });
});
