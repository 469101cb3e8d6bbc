import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTestNode, type TestNode } from '../support/embedded-node.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { RawConnection, renderHead } from '../support/raw-http.ts';
import { s3ClientOf } from '../support/s3-client.ts';
import { signRequest } from '../support/signed-request.ts';

const MIB = 2 ** 20;
const Bucket = 'recovery';

/** FastDFS in this process, where its files can be counted and it can be made to fail. */
let node: TestNode;
let gateway: GatewayProcess;
let s3: S3Client;

beforeEach(async () => {
  node = await startTestNode();
  gateway = await GatewayProcess.start({ env: settingsFor(node) });
  s3 = s3ClientOf(gateway, { maxAttempts: 1 });
  await s3.send(new CreateBucketCommand({ Bucket }));
});

afterEach(async () => {
  await gateway.dispose();
  await node.remove();
});

const settingsFor = ({ trackerAddress }: TestNode) => ({
  FASTDFS_TRACKERS: `${trackerAddress.host}:${trackerAddress.port}`,
  FASTDFS_NETWORK_TIMEOUT: '1s',
  FASTDFS_COMMAND_TIMEOUT: '1s',
  FASTDFS_AVOID_FAILED: '100ms',
  FASTDFS_REFRESH_INTERVAL: '200ms',
  GATEWAY_SEGMENT_SIZE: '1MiB',
  GATEWAY_BODY_IDLE_TIMEOUT: '500ms',
});

const put = (Key: string, Body: Buffer | string) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body }));

async function get(Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function keys(): Promise<(string | undefined)[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key }) => Key);
}

/** The files that FastDFS holds, once what is due has been deleted. */
const filesLeft = (count: number) =>
  expect.poll(() => node.filesOnDisk().length, { timeout: 20_000 }).toBe(count);

/** Sends the head of an upload of `size` bytes, and `sent` bytes of it. */
async function beginUpload(key: string, size: number, sent: number): Promise<RawConnection> {
  const connection = await RawConnection.open(Number(new URL(gateway.endpoint).port));
  const request = signRequest({
    key: gateway,
    method: 'PUT',
    target: `/${Bucket}/${key}`,
    headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'Content-Length': String(size) },
  });
  connection.write(renderHead(request));
  connection.write(Buffer.alloc(sent, 'x'));
  return connection;
}

describe('after kill -9', () => {
  it('everything acknowledged is there, and nothing of what was under way', async () => {
    const content = randomBytes(3 * MIB);
    await put('kept', content);
    await put('small', 'x');
    // Three segments are stored by now, the fourth is on its way, and the part waits for more.
    const unfinished = await beginUpload('unfinished', 5 * MIB, 3 * MIB + 100);
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
    const part = { Bucket, Key: 'parts', UploadId, PartNumber: 1, Body: 'x' };
    await s3.send(new UploadPartCommand(part));
    await gateway.end('SIGKILL');
    unfinished.destroy();

    gateway = await gateway.startAgain();
    expect(await keys()).toEqual(['kept', 'small']);
    expect((await get('kept')).equals(content)).toBe(true);
    await s3.send(new UploadPartCommand({ ...part, PartNumber: 2 }));
    await put('kept', 'new');
    expect(String(await get('kept'))).toBe('new');
  });

  it('files that were due for deletion are deleted', async () => {
    await put('a', randomBytes(2 * MIB));
    node.faults.storage.statuses = new Map([[12, 5]]); // DELETE_FILE answers EIO
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await gateway.end('SIGKILL');
    node.faults.reset();
    expect(node.filesOnDisk()).toHaveLength(2);
    gateway = await gateway.startAgain();
    await filesLeft(0);
  });
});

describe('while FastDFS is gone', () => {
  it('clients get 503 with Retry-After, and service comes back by itself', async () => {
    await put('before', 'x');
    const { trackerAddress, storageAddress, storePath } = node;
    await node.close();
    for (const attempt of [
      () => put('during', 'x'),
      () => put('during', randomBytes(2 * MIB)),
      () => get('before'),
    ]) {
      const error = await attempt().then(
        () => null,
        (reason) => reason,
      );
      expect(error).toMatchObject({
        name: 'ServiceUnavailable',
        $metadata: { httpStatusCode: 503 },
      });
      expect(error.$response.headers['retry-after']).toMatch(/^\d+$/);
    }
    expect(await keys()).toEqual(['before']);
    // It tells what the last look at the trackers found, some seconds ago.
    const readiness = async () => {
      const ready = await fetch(`${gateway.consoleUrl}/readyz`);
      return [ready.status, await ready.text()];
    };
    await expect
      .poll(readiness, { timeout: 20_000 })
      .toEqual([503, expect.stringContaining('tracker')]);

    node = await startTestNode({
      storePath,
      trackerPort: trackerAddress.port,
      storagePort: storageAddress.port,
    });
    await expect
      .poll(
        () =>
          put('after', 'x').then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    expect(String(await get('before'))).toBe('x');
    await expect.poll(async () => (await fetch(`${gateway.consoleUrl}/readyz`)).status).toBe(200);
  });

  it('the gateway starts, says that it is not ready, and serves when FastDFS comes', async () => {
    await gateway.end();
    const { trackerAddress, storageAddress, storePath } = node;
    await node.close();
    gateway = await gateway.startAgain();
    expect((await fetch(`${gateway.consoleUrl}/healthz`)).status).toBe(200);
    expect((await fetch(`${gateway.consoleUrl}/readyz`)).status).toBe(503);
    node = await startTestNode({
      storePath,
      trackerPort: trackerAddress.port,
      storagePort: storageAddress.port,
    });
    await expect
      .poll(async () => (await fetch(`${gateway.consoleUrl}/readyz`)).status, { timeout: 20_000 })
      .toBe(200);
    await put('a', 'x');
  });
});

describe('a storage server', () => {
  it('that is full gives an error that clients do not retry, and leaves nothing', async () => {
    node.faults.storage.diskBytesLeft = 1.5 * MIB;
    const error = await put('big', randomBytes(3 * MIB)).then(
      () => null,
      (reason) => reason,
    );
    expect(error).toMatchObject({
      name: 'InsufficientStorage',
      $metadata: { httpStatusCode: 507 },
    });
    expect(await keys()).toEqual([]);
    await filesLeft(0);
    await expect.poll(() => gateway.log.some((line) => line.level === 50)).toBe(true);
    node.faults.reset();
    await put('big', 'fits');
  });

  it('that resets connections in mid-body gives 503 and leaves nothing', async () => {
    node.faults.storage.resetAfterContentBytes = 100_000;
    const error = await put('big', randomBytes(3 * MIB)).then(
      () => null,
      (reason) => reason,
    );
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 503 } });
    node.faults.reset();
    expect(await keys()).toEqual([]);
    await filesLeft(0);
  });

  it('that stores other bytes than were sent is found out', async () => {
    node.faults.storage.wrongChecksum = true;
    const error = await put('corrupt', 'x').then(
      () => null,
      (reason) => reason,
    );
    expect(error.$metadata.httpStatusCode).toBeGreaterThanOrEqual(500);
    node.faults.reset();
    expect(await keys()).toEqual([]);
  });

  it('that never answers does not hold a client for ever', async () => {
    await put('a', 'x');
    node.faults.storage.unanswered = 'all';
    for (const attempt of [() => put('b', 'x'), () => get('a')]) {
      await expect(attempt()).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    }
    node.faults.reset();
    expect(String(await get('a'))).toBe('x');
  });
});

describe('a client', () => {
  it.each(['vanishes', 'stalls'])('that %s in mid-body leaves no file', async (what) => {
    await put('other', 'x');
    const connection = await beginUpload('gone', 5 * MIB, 2.5 * MIB);
    // Two whole segments have been stored before the end is known.
    await expect.poll(() => node.filesOnDisk().length).toBeGreaterThanOrEqual(3);
    if (what === 'vanishes') connection.socket.resetAndDestroy();
    else expect((await connection.response()).body).toContain('<Code>RequestTimeout</Code>');
    connection.destroy();
    await filesLeft(1);
    expect(await keys()).toEqual(['other']);
  });

  it('that stops reading a download is dropped, and others are served', async () => {
    await put('big', randomBytes(20 * MIB));
    const connection = await RawConnection.open(Number(new URL(gateway.endpoint).port));
    connection.socket.pause();
    connection.write(renderHead(signRequest({ key: gateway, target: `/${Bucket}/big` })));
    expect((await get('big')).length).toBe(20 * MIB);
    connection.socket.resetAndDestroy();
    await expect.poll(() => gateway.log.some((line) => line.clientGone === true)).toBe(true);
    expect((await get('big')).length).toBe(20 * MIB);
  });
});

describe('overwrites and deletions', () => {
  it('remove the files that no key needs, and only these', async () => {
    await put('a', 'first');
    await put('a', 'second');
    await put('b', 'third');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'b' }));
    await filesLeft(1);
    expect(String(await get('a'))).toBe('second');
  });
});

describe('SIGTERM', () => {
  it('lets requests under way end, takes no new ones, and exits with 0', async () => {
    const upload = await beginUpload('slow', 2 * MIB, MIB);
    await expect.poll(() => node.filesOnDisk().length).toBe(1);
    const ended = gateway.end('SIGTERM');
    await expect
      .poll(() => gateway.log.some((line) => String(line.msg).startsWith('stopping')))
      .toBe(true);
    expect((await fetch(`${gateway.consoleUrl}/readyz`)).status).toBe(503);
    await expect(fetch(gateway.endpoint)).rejects.toThrow();
    upload.write(Buffer.alloc(MIB, 'x'));
    const response = await upload.response();
    expect([response.status, response.headers.get('connection')]).toEqual([200, 'close']);
    expect(await ended).toEqual({ code: 0, signal: null });
    gateway = await gateway.startAgain();
    expect(await keys()).toEqual(['slow']);
  });

  it('cuts off what outlives the grace', async () => {
    await gateway.end();
    gateway = await gateway.startAgain({
      GATEWAY_SHUTDOWN_GRACE: '200ms',
      GATEWAY_BODY_IDLE_TIMEOUT: '1h',
    });
    const upload = await beginUpload('endless', 2 * MIB, MIB);
    await expect.poll(() => node.filesOnDisk().length).toBe(1);
    expect(await gateway.end('SIGTERM')).toEqual({ code: 0, signal: null });
    upload.destroy();
    gateway = await gateway.startAgain();
    expect(await keys()).toEqual([]);
  });

  it('sent twice ends at once', async () => {
    const upload = await beginUpload('slow', 2 * MIB, MIB);
    await expect.poll(() => node.filesOnDisk().length).toBe(1);
    const first = gateway.end('SIGTERM');
    await expect
      .poll(() => gateway.log.some((line) => String(line.msg).startsWith('stopping')))
      .toBe(true);
    await gateway.end('SIGTERM');
    expect(await first).toEqual({ code: 1, signal: null });
    upload.destroy();
    gateway = await gateway.startAgain();
    expect(await keys()).toEqual([]);
  });
});
