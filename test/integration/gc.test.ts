import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CommandResult, run } from '../support/command-line.ts';
import { startTestNode, type TestNode } from '../support/embedded-node.ts';
import { GatewayProcess, gatewayEnvironment } from '../support/gateway-process.ts';
import { s3ClientOf } from '../support/s3-client.ts';

const Bucket = 'deletions';
const MIB = 2 ** 20;

/** FastDFS in this process, where its files can be counted. */
let node: TestNode;
let gateway: GatewayProcess;
let s3: S3Client;
let settings: Record<string, string>;

beforeEach(async () => {
  node = await startTestNode();
  const { host, port } = node.trackerAddress;
  settings = { FASTDFS_TRACKERS: `${host}:${port}`, GATEWAY_DELETE_DELAY: '1h' };
  gateway = await GatewayProcess.start({ env: settings });
  s3 = s3ClientOf(gateway, { maxAttempts: 1 });
  await s3.send(new CreateBucketCommand({ Bucket }));
});

afterEach(async () => {
  await gateway.dispose();
  await node.remove();
});

const put = (Key: string, Body: Buffer | string = 'x') =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body }));

function gc(...commandLine: string[]): Promise<CommandResult> {
  const env = { ...gatewayEnvironment(gateway.dataDir), ...settings };
  return run(process.execPath, ['dist/cli/main.js', 'gc', ...commandLine, '--json'], { env });
}

it('the queue can be seen and emptied while the gateway runs', async () => {
  for (const key of ['a', 'a', 'a', 'b']) await put(key);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'b' }));
  expect(node.filesOnDisk().length).toBe(4);
  const before = JSON.parse((await gc('status')).stdout);
  expect(before).toMatchObject({
    groups: [{ queued: 3, due: 0, failing: 0, servers: { writable: 1, listed: 1 } }],
    failing: [],
  });
  const due = await gc('run');
  expect([due.code, due.stderr, JSON.parse(due.stdout).groups]).toEqual([0, '', []]);
  expect(node.filesOnDisk().length).toBe(4);
  const all = await gc('run', '--all');
  expect([all.code, all.stderr]).toEqual([0, '']);
  expect(JSON.parse(all.stdout)).toMatchObject({ groups: [{ deleted: 3, failed: 0 }] });
  expect(node.filesOnDisk().length).toBe(1);
  expect(JSON.parse((await gc('status')).stdout)).toEqual({ groups: [], failing: [] });
});

it('a run fails when no server can be reached, and the queue stays', async () => {
  for (const key of ['a', 'a']) await put(key);
  await node.close();
  const failed = await gc('run', '--all');
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.stdout)).toMatchObject({ groups: [{ deleted: 0, isReachable: false }] });
  expect(JSON.parse((await gc('status')).stdout)).toMatchObject({ groups: [{ queued: 1 }] });
});

it('a download that takes longer than the delay keeps its files', async () => {
  await gateway.end();
  settings = { ...settings, GATEWAY_DELETE_DELAY: '0', GATEWAY_SEGMENT_SIZE: '1MiB' };
  gateway = await gateway.startAgain(settings);
  s3 = s3ClientOf(gateway, { maxAttempts: 1 });
  const content = Buffer.alloc(40 * MIB, 'content of a slow download ');
  await put('slow', content);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'slow' }));
  await put('slow', 'other');
  await put('other');
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'other' }));
  // The reaper has been over the queue when the file that nobody reads is gone.
  await expect.poll(() => node.filesOnDisk().length, { timeout: 10_000 }).toBe(41);
  const received = Buffer.from((await Body?.transformToByteArray()) ?? []);
  expect(received.equals(content)).toBe(true);
});
