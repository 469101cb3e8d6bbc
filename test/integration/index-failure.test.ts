import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeWithProgram, runOk } from '../support/command-line.ts';
import { startTestNode, type TestNode } from '../support/embedded-node.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { s3ClientOf } from '../support/s3-client.ts';

const Bucket = 'index-failure';

// It takes the files of a running process from it bit by bit, as a broken disk does.
describeWithProgram('prlimit', () => {
  /** FastDFS in this process, whose files the limit does not concern. */
  let node: TestNode;
  let gateway: GatewayProcess;
  let s3: S3Client;

  beforeEach(async () => {
    node = await startTestNode();
    const { host, port } = node.trackerAddress;
    gateway = await GatewayProcess.start({ env: { FASTDFS_TRACKERS: `${host}:${port}` } });
    s3 = s3ClientOf(gateway, { maxAttempts: 1 });
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  afterEach(async () => {
    await gateway.dispose();
    await node.remove();
  });

  const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  const get = async (Key: string) => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return await Body?.transformToString();
  };

  it('no room for the index: writes get 503, reads go on, and room is used at once', async () => {
    await put('before');
    const limitFileSize = (bytes: number | '') =>
      runOk('prlimit', ['--pid', String(gateway.pid), `--fsize=${bytes || 'unlimited'}:`]);
    // Less than any: a log that is idle, or copied, is written from its beginning again.
    await limitFileSize(1);
    for (const key of ['during', 'again']) {
      await expect(put(key)).rejects.toMatchObject({
        name: 'ServiceUnavailable',
        $metadata: { httpStatusCode: 503 },
      });
    }
    expect(await get('before')).toBe('before');
    await limitFileSize('');
    await put('after');
    expect(await get('after')).toBe('after');
    await expect(get('during')).rejects.toMatchObject({ name: 'NoSuchKey' });
    // What the failed writes stored is deleted although the index could not note it then.
    await expect.poll(() => node.filesOnDisk().length, { timeout: 10_000 }).toBe(2);
    expect(await gateway.end()).toEqual({ code: 0, signal: null });
    gateway = await gateway.startAgain();
    s3 = s3ClientOf(gateway, { maxAttempts: 1 });
    expect([await get('before'), await get('after')]).toEqual(['before', 'after']);
  });
});
