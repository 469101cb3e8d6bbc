import { createHash, randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOk } from '../support/command-line.ts';
import { startTestNode, type TestNode } from '../support/embedded-node.ts';
import { metricTotal, scrapeMetrics } from '../support/gateway-metrics.ts';
import { GatewayProcess, gatewayEnvironment } from '../support/gateway-process.ts';
import { inParallel } from '../support/in-parallel.ts';
import { sampleValue } from '../support/prometheus.ts';
import { deleteAllBuckets, s3ClientOf } from '../support/s3-client.ts';

const Bucket = 'workers';
const MIB = 2 ** 20;
const WORKERS = 3;

/** FastDFS in this process, where its files can be counted. */
let node: TestNode;
let gateway: GatewayProcess;
/** Each request goes over a connection of its own, and so to the next worker. */
let s3: S3Client;
let settings: Record<string, string>;

beforeAll(async () => {
  node = await startTestNode();
  const { host, port } = node.trackerAddress;
  settings = {
    FASTDFS_TRACKERS: `${host}:${port}`,
    GATEWAY_WORKERS: String(WORKERS),
    GATEWAY_SEGMENT_SIZE: '1MiB',
  };
  gateway = await GatewayProcess.start({ env: settings });
  s3 = clientOf(gateway);
  await s3.send(new CreateBucketCommand({ Bucket }));
});

afterAll(async () => {
  await gateway.dispose();
  await node.remove();
});

const clientOf = (
  { endpoint, accessKeyId, secretAccessKey }: GatewayProcess,
  credentials = { accessKeyId, secretAccessKey },
) =>
  s3ClientOf({ endpoint, ...credentials } as GatewayProcess, {
    maxAttempts: 8,
    requestHandler: { httpAgent: new Agent({ keepAlive: false }) },
  });

const put = (Key: string, Body: Buffer | string, more: { IfNoneMatch?: string } = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));

async function get(Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function keys(): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key = '' }) => Key);
}

const errorName = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: Error) => error.name,
  );

const cli = (...commandLine: string[]) =>
  runOk(process.execPath, ['dist/cli/main.js', ...commandLine, '--json'], {
    env: { ...gatewayEnvironment(gateway.dataDir), ...settings },
  });

/** The files that FastDFS holds, once what is due has been deleted. */
const filesLeft = (count: number) =>
  expect.poll(() => node.filesOnDisk().length, { timeout: 60_000 }).toBe(count);

const servingCount = () => metricTotal(gateway, 'fastdfs_s3_serving_processes');

describe('requests at several workers', () => {
  it('create a key once, however many race for it', async () => {
    const outcomes: string[] = [];
    await inParallel(32, 300, async (index) => {
      const outcome = await errorName(put('raced', `by ${index}`, { IfNoneMatch: '*' }));
      outcomes.push(outcome === 'none' ? `by ${index}` : outcome);
    });
    const winners = outcomes.filter((outcome) => outcome.startsWith('by '));
    expect(winners).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set([winners[0], 'PreconditionFailed']));
    expect(String(await get('raced'))).toBe(winners[0]);
    const workers = new Set(gateway.log.map(({ worker }) => worker));
    expect([...workers].filter((worker) => worker !== undefined).sort()).toEqual([1, 2, 3]);
  });

  it('see what another worker has acknowledged', async () => {
    for (let round = 0; round < 50; round += 1) {
      await put('latest', `round ${round}`);
      expect(String(await get('latest'))).toBe(`round ${round}`);
    }
  });

  it('see at once that a bucket is there, and that it is gone', async () => {
    const Bucket = 'coming-and-going';
    for (let round = 0; round < 20; round += 1) {
      await s3.send(new CreateBucketCommand({ Bucket }));
      await Promise.all([1, 2, 3].map(() => s3.send(new HeadBucketCommand({ Bucket }))));
      await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x' }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
      await s3.send(new DeleteBucketCommand({ Bucket }));
      for (let look = 0; look < WORKERS; look += 1) {
        expect(await errorName(s3.send(new HeadBucketCommand({ Bucket })))).toBe('NotFound');
      }
    }
  });

  it('are refused by all of them when the key is removed', async () => {
    const added = JSON.parse(await cli('user', 'add', 'revoked')) as {
      accessKeyId: string;
      secretAccessKey: string;
    };
    const theirs = clientOf(gateway, added);
    const ask = () => errorName(theirs.send(new ListObjectsV2Command({ Bucket })));
    for (let look = 0; look < 2 * WORKERS; look += 1) expect(await ask()).toBe('AccessDenied');
    await cli('key', 'remove', added.accessKeyId);
    for (let look = 0; look < 2 * WORKERS; look += 1)
      expect(await ask()).toBe('InvalidAccessKeyId');
  });
});

describe('many writers', () => {
  it('leave every object whole, and no file when all is deleted', async () => {
    const failures = new Set<string>();
    await inParallel(24, 400, async (index) => {
      const key = `churn/${index % 12}`;
      const failure = await errorName(churn(key, index));
      if (failure !== 'none' && failure !== 'NoSuchKey') failures.add(failure);
    });
    expect([...failures]).toEqual([]);
    for (const key of await keys()) {
      if (key.startsWith('churn/')) expect(isWhole(await get(key))).toBe(true);
    }
    await deleteAllBuckets(s3);
    await filesLeft(0);
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  async function churn(Key: string, index: number): Promise<void> {
    switch (index % 5) {
      case 0:
        await put(Key, content(1000));
        return;
      case 1:
        await put(Key, content(1.5 * MIB));
        return;
      case 2:
        await s3.send(new DeleteObjectCommand({ Bucket, Key }));
        return;
      case 3: {
        const CopySource = `${Bucket}/churn/${(index * 7) % 12}`;
        await s3.send(new CopyObjectCommand({ Bucket, Key: `${Key}-copy`, CopySource }));
        return;
      }
      default:
        await multipart(Key, index % 10 === 4);
    }
  }

  async function multipart(Key: string, isAborted: boolean): Promise<void> {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const body = content(5 * MIB + 1000);
    const Parts = await Promise.all(
      [body.subarray(0, 5 * MIB), body.subarray(5 * MIB)].map(async (Body, index) => {
        const part = { Bucket, Key, UploadId, PartNumber: index + 1, Body };
        const { ETag } = await s3.send(new UploadPartCommand(part));
        return { ETag, PartNumber: index + 1 };
      }),
    );
    const upload = { Bucket, Key, UploadId };
    if (isAborted) await s3.send(new AbortMultipartUploadCommand(upload));
    else
      await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  }

  /** Bytes that begin with their own digest. */
  function content(size: number): Buffer {
    const rest = randomBytes(size);
    return Buffer.concat([createHash('sha256').update(rest).digest(), rest]);
  }

  function isWhole(body: Buffer): boolean {
    const digest = createHash('sha256').update(body.subarray(32)).digest();
    return digest.equals(body.subarray(0, 32));
  }
});

describe('files that a worker is reading', () => {
  it('are not deleted when others overwrite and delete their objects', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'other' }));
    const before = node.filesOnDisk().length;
    const contents = [1, 2, 3, 4].map(() => randomBytes(20 * MIB));
    const bodies = [];
    for (const [index, body] of contents.entries()) {
      await put(`slow-${index}`, body);
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: `slow-${index}` }));
      bodies.push(Body);
    }
    for (const index of contents.keys()) {
      if (index % 2 === 0) await put(`slow-${index}`, 'other');
      else await s3.send(new DeleteObjectCommand({ Bucket, Key: `slow-${index}` }));
    }
    // What is deleted after them goes, so they had their turn.
    for (const index of [1, 2, 3]) await put('gone', `version ${index}`);
    await filesLeft(before + 80 + 2 + 1);
    for (const [index, Body] of bodies.entries()) {
      const read = Buffer.from((await Body?.transformToByteArray()) ?? []);
      expect(read.equals(contents[index] ?? Buffer.alloc(0))).toBe(true);
    }
  });
});

describe('metrics', () => {
  it('are those of all processes together', async () => {
    const name = 'fastdfs_s3_requests_total';
    const labels = { operation: 'ListBuckets', http_status: '200', error_code: '' };
    const before = sampleValue(await scrapeMetrics(gateway), name, labels) ?? 0;
    await inParallel(3, 30, async () => {
      await s3.send(new ListBucketsCommand({}));
    });
    const samples = await scrapeMetrics(gateway);
    expect(sampleValue(samples, name, labels)).toBe(before + 30);
    expect(sampleValue(samples, 'fastdfs_s3_serving_processes')).toBe(WORKERS);
    const processes = samples.filter((sample) => sample.name === 'process_resident_memory_bytes');
    const names = processes.map((sample) => sample.labels.worker);
    expect(names.sort()).toEqual(['1', '2', '3', 'primary']);
    expect(sampleValue(samples, 'fastdfs_s3_tracker_reachable')).toBe(1);
  });
});

describe('a worker that is killed', () => {
  it('fails no client that tries again, loses nothing acknowledged, and comes back', async () => {
    const endsBefore = await metricTotal(gateway, 'fastdfs_s3_worker_ends_total');
    const requestsBefore = await metricTotal(gateway, 'fastdfs_s3_requests_total');
    const acknowledged: string[] = [];
    await inParallel(16, 300, async (index) => {
      if (index === 80 || index === 160) kill(1 + (index % WORKERS));
      const key = `kept/${index}`;
      await put(key, key.repeat(100));
      acknowledged.push(key);
    });
    expect(acknowledged).toHaveLength(300);
    for (const key of acknowledged) expect(String(await get(key))).toBe(key.repeat(100));
    await expect.poll(servingCount, { timeout: 20_000 }).toBe(WORKERS);
    expect(await metricTotal(gateway, 'fastdfs_s3_worker_ends_total')).toBe(endsBefore + 2);
    expect(await metricTotal(gateway, 'fastdfs_s3_requests_total')).toBeGreaterThan(requestsBefore);
    const ends = gateway.log.filter(({ msg }) => msg === 'a worker ended and is started again');
    expect(ends.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL']);
  });

  it('is not missed: all of them killed come back on the same port', async () => {
    for (const number of [1, 2, 3]) kill(number);
    await expect.poll(servingCount, { timeout: 20_000 }).toBe(WORKERS);
    expect(String(await get('kept/1'))).toBe('kept/1'.repeat(100));
    expect((await fetch(`${gateway.consoleUrl}/readyz`)).status).toBe(200);
  });

  function kill(number: number): void {
    const pid = gateway.workerPids().get(number);
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
  }
});
