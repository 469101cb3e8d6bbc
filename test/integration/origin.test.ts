import { createHash, randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, run } from '../support/command-line.ts';
import { GatewayProcess, gatewayEnvironment, startCommand } from '../support/gateway-process.ts';
import { inParallel } from '../support/in-parallel.ts';
import { startOriginServer } from '../support/origin-server.ts';
import { parseMetrics, sampleValue } from '../support/prometheus.ts';
import { deleteAllBuckets, newBucketName, s3ClientOf } from '../support/s3-client.ts';

/** The other S3, and the gateway that fetches from it. */
let other: GatewayProcess;
let gateway: GatewayProcess;
let theirs: S3Client;
let ours: S3Client;

const mib = 1024 * 1024;
const outbound = { GATEWAY_OUTBOUND_ALLOW: '127.0.0.1' };

beforeAll(async () => {
  other = await GatewayProcess.start();
  gateway = await GatewayProcess.start({ env: outbound });
  theirs = s3ClientOf(other);
  ours = s3ClientOf(gateway, { maxAttempts: 1 });
});

afterAll(async () => {
  for (const [process, client] of [
    [other, theirs],
    [gateway, ours],
  ] as const) {
    await deleteAllBuckets(client);
    await process.dispose();
  }
});

function cli(...words: string[]): Promise<CommandResult> {
  const env = { ...gatewayEnvironment(gateway.dataDir), ...outbound };
  return run(process.execPath, ['dist/cli/main.js', ...words], { env });
}

async function json<T>(...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await cli(...words, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as T;
}

async function newBucket(client: S3Client, purpose: string): Promise<string> {
  const Bucket = newBucketName(purpose);
  await client.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

const secrets = () => ['--access-key', other.accessKeyId, '--secret-key', other.secretAccessKey];

/** A bucket of ours whose origin is a bucket of theirs. */
async function newPair(prefix = ''): Promise<{ readonly from: string; readonly to: string }> {
  const [from, to] = [await newBucket(theirs, 'from'), await newBucket(ours, 'to')];
  const target = [other.endpoint, '--bucket', from, '--prefix', prefix];
  await json('bucket', 'origin', 'set', to, ...target, ...secrets());
  return { from, to };
}

async function get(Bucket: string, Key: string, Range?: string) {
  const answer = await ours.send(new GetObjectCommand({ Bucket, Key, Range }));
  return { ...answer, bytes: Buffer.from((await answer.Body?.transformToByteArray()) ?? []) };
}

async function requestsOfOther(operation: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', other.consoleUrl))).text();
  const labels = { operation, http_status: '200' };
  return sampleValue(parseMetrics(text), 'fastdfs_s3_requests_total', labels) ?? 0;
}

/** Once it is there: a GET is answered before what it fetched is stored. */
async function untilStored(Bucket: string, count: number): Promise<void> {
  for (;;) {
    const { KeyCount } = await ours.send(new ListObjectsV2Command({ Bucket }));
    if (KeyCount === count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('an origin that is another S3', () => {
  it('gives an object with all that describes it, once', async () => {
    const { from, to } = await newPair('photos/');
    await theirs.send(
      new PutObjectCommand({
        Bucket: from,
        Key: 'photos/cat.jpg',
        Body: 'a cat',
        ContentType: 'image/jpeg',
        CacheControl: 'max-age=60',
        Metadata: { color: 'red' },
      }),
    );
    const head = await ours.send(new HeadObjectCommand({ Bucket: to, Key: 'cat.jpg' }));
    const before = await requestsOfOther('GetObject');
    const first = await get(to, 'cat.jpg');
    await untilStored(to, 1);
    const second = await get(to, 'cat.jpg');
    for (const answer of [first, second]) {
      expect(answer.bytes.toString()).toBe('a cat');
      expect(answer).toMatchObject({
        ContentType: 'image/jpeg',
        CacheControl: 'max-age=60',
        Metadata: { color: 'red' },
        ETag: head.ETag,
        LastModified: head.LastModified,
      });
    }
    expect(head.ETag).toBe(`"${createHash('md5').update('a cat').digest('hex')}"`);
    expect((await requestsOfOther('GetObject')) - before).toBe(1);
  });

  it('is asked once by a hundred clients at the same time', async () => {
    const { from, to } = await newPair();
    const content = randomBytes(6 * mib);
    await new Upload({
      client: theirs,
      params: { Bucket: from, Key: 'large', Body: content },
      partSize: 5 * mib,
    }).done();
    const before = await requestsOfOther('GetObject');
    const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    const etags = new Set<string | undefined>();
    await inParallel(100, 100, async () => {
      const { bytes, ETag } = await get(to, 'large');
      expect(sha(bytes)).toBe(sha(content));
      etags.add(ETag);
    });
    await untilStored(to, 1);
    const stored = await get(to, 'large', 'bytes=1000-1999');
    expect(stored.bytes.equals(content.subarray(1000, 2000))).toBe(true);
    etags.add(stored.ETag);
    expect([...etags]).toEqual([expect.stringMatching(/^"[0-9a-f]{32}-2"$/)]);
    expect((await requestsOfOther('GetObject')) - before).toBe(1);
  });

  it('says NoSuchKey for what is nowhere, and 403 to whoever may neither read nor list', async () => {
    const { to } = await newPair();
    await expect(get(to, 'no')).rejects.toMatchObject({ name: 'NoSuchKey' });
    const anonymous = await fetch(`${gateway.endpoint}/${to}/no`);
    expect(anonymous.status).toBe(403);
  });

  it('keeps its secret to itself', async () => {
    const { to } = await newPair();
    const { stdout } = await cli('bucket', 'origin', 'show', to, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ origin: { accessKeyId: other.accessKeyId } });
    expect(stdout).not.toMatch(/secret/i);
    await json('bucket', 'origin', 'remove', to);
    expect(await json('bucket', 'origin', 'show', to)).toEqual({ bucket: to, origin: null });
    await expect(get(to, 'no')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });
});

describe('an origin that is a web server', () => {
  async function bucketOf(url: string, ...options: string[]): Promise<string> {
    const Bucket = await newBucket(ours, 'web');
    await json('bucket', 'origin', 'set', Bucket, url, ...options);
    return Bucket;
  }

  it('is asked once by a hundred clients at the same time', async () => {
    const content = randomBytes(3 * mib);
    const server = await startOriginServer((_, response) => {
      response.writeHead(200, { 'content-length': content.length, etag: '"v1"' });
      response.end(content);
    });
    const Bucket = await bucketOf(server.url);
    await inParallel(100, 100, async () => {
      expect((await get(Bucket, 'a/large file')).bytes.equals(content)).toBe(true);
    });
    await untilStored(Bucket, 1);
    expect((await get(Bucket, 'a/large file')).bytes.equals(content)).toBe(true);
    expect(server.lines()).toEqual(['GET /a/large%20file']);
  });

  it('that is down is a 502, and nothing is kept of it', async () => {
    const Bucket = await bucketOf('http://127.0.0.1:1/');
    const failure = { name: 'OriginFailed', $metadata: { httpStatusCode: 502 } };
    await expect(get(Bucket, 'k')).rejects.toMatchObject(failure);
    const server = await startOriginServer((_, response) => response.end('now it is up'));
    await json('bucket', 'origin', 'set', Bucket, server.url);
    expect((await get(Bucket, 'k')).bytes.toString()).toBe('now it is up');
  });

  it('that sends less than it says fails the client, and nothing is stored', async () => {
    const server = await startOriginServer((_, response) => {
      response.writeHead(200, { 'content-length': 3 * mib, etag: '"v1"' });
      response.write(Buffer.alloc(2 * mib), () => setTimeout(() => response.destroy(), 50));
    });
    const Bucket = await bucketOf(server.url);
    await expect(get(Bucket, 'k')).rejects.toThrow();
    const { KeyCount } = await ours.send(new ListObjectsV2Command({ Bucket }));
    expect(KeyCount).toBe(0);
  });

  it('that is slow gives its bytes as they come', async () => {
    let finish = () => {};
    const server = await startOriginServer((_, response) => {
      response.writeHead(200, { 'content-length': 2 * mib, etag: '"v1"' });
      response.write(Buffer.alloc(mib, 'a'));
      finish = () => response.end(Buffer.alloc(mib, 'b'));
    });
    const Bucket = await bucketOf(server.url);
    const { Body } = await ours.send(new GetObjectCommand({ Bucket, Key: 'k' }));
    let size = 0;
    for await (const chunk of Body as AsyncIterable<Buffer>) {
      // The second half is only sent when some of the first one has been received.
      if (size === 0) finish();
      size += chunk.length;
    }
    expect(size).toBe(2 * mib);
  });

  it('at a private address is refused unless it is allowed', async () => {
    const server = await startOriginServer((_, response) => response.end('secret'));
    const Bucket = await bucketOf(server.url.replace('127.0.0.1', '127.0.0.2'));
    await expect(get(Bucket, 'k')).rejects.toMatchObject({ name: 'OriginFailed' });
    expect(server.requests).toHaveLength(0);
  });
});

describe('mirror', () => {
  async function fill(Bucket: string, count: number, bodyOf: (n: number) => string) {
    await inParallel(16, count, async (n) => {
      const Key = `k${String(n).padStart(5, '0')}`;
      await theirs.send(new PutObjectCommand({ Bucket, Key, Body: bodyOf(n) }));
    });
  }

  /** One by one, as at the end of all tests, would take long. */
  async function empty(client: S3Client, Bucket: string): Promise<void> {
    for (;;) {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      if (Contents.length === 0) return;
      const Objects = Contents.map(({ Key }) => ({ Key }));
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    }
  }

  interface Report {
    readonly copied: number;
    readonly same: number;
    readonly objects: number;
    readonly isContinued: boolean;
  }

  it('copies a bucket, and nothing twice', async () => {
    const [from, to] = [await newBucket(theirs, 'source'), await newBucket(ours, 'copy')];
    await fill(from, 30, (n) => `content ${n}`);
    const content = randomBytes(6 * mib);
    const large = { Bucket: from, Key: 'large', Body: content };
    await new Upload({ client: theirs, params: large, partSize: 5 * mib }).done();
    const source = `${other.endpoint}/${from}`;
    const dry = await json<Report>('mirror', source, to, '--dry-run', ...secrets());
    expect(dry).toMatchObject({ copied: 31, isDryRun: true });
    await untilStored(to, 0);
    const first = await json<Report>('mirror', source, to, ...secrets());
    expect(first).toMatchObject({ copied: 31, same: 0, failed: 0, isFinished: true });
    expect((await get(to, 'large')).bytes.equals(content)).toBe(true);
    expect((await get(to, 'k00007')).bytes.toString()).toBe('content 7');
    const again = await json<Report>('mirror', source, to, ...secrets());
    expect(again).toMatchObject({ copied: 0, same: 31 });
  });

  it('copies from the origin of a bucket', async () => {
    const { from, to } = await newPair('in/');
    await theirs.send(new PutObjectCommand({ Bucket: from, Key: 'in/a', Body: 'x' }));
    await theirs.send(new PutObjectCommand({ Bucket: from, Key: 'out/b', Body: 'x' }));
    expect(await json('mirror', 'origin', to)).toMatchObject({ copied: 1, objects: 1 });
    await untilStored(to, 1);
    expect((await get(to, 'a')).bytes.toString()).toBe('x');
  });

  it('goes on where it was killed', async () => {
    const { from, to } = await newPair();
    const count = 1300;
    await fill(from, count, (n) => (n === count - 1 ? 'the last' : 'x'));
    const words = ['mirror', 'origin', to, '--concurrency', '2'];
    const killed = startCommand(gateway.dataDir, words, outbound);
    // The first page of a thousand is done, and some of the second.
    for (let stored = 0; stored <= 1000; ) {
      const StartAfter = 'k00999';
      const { KeyCount = 0 } = await ours.send(
        new ListObjectsV2Command({ Bucket: to, StartAfter }),
      );
      stored = KeyCount > 0 ? 1001 : 0;
    }
    expect(await killed.end('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    const report = await json<Report>('mirror', 'origin', to);
    expect(report).toMatchObject({ objects: count, isContinued: true, failed: 0 });
    expect(report.copied + report.same).toBe(count);
    expect(report.same).toBeLessThanOrEqual(1000);
    expect((await get(to, 'k01299')).bytes.toString()).toBe('the last');
    await Promise.all([empty(theirs, from), empty(ours, to)]);
  }, 240_000);

  it('tells of a source that cannot be reached', async () => {
    const Bucket = await newBucket(ours, 'copy');
    const { code, stderr } = await cli('mirror', 'http://127.0.0.1:1/x', Bucket);
    expect(code).toBe(1);
    expect(stderr).toMatch(/ECONNREFUSED|cannot be reached/);
  });
});
