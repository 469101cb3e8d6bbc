import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { RawConnection, renderHead } from '../support/raw-http.ts';
import { s3ClientOf } from '../support/s3-client.ts';
import { signRequest } from '../support/signed-request.ts';

const Bucket = 'life';
const MIB = 2 ** 20;

let gateway: GatewayProcess;

beforeEach(async () => {
  gateway = await GatewayProcess.start({ ownGroup: true, env: { GATEWAY_WORKERS: '2' } });
  await s3ClientOf(gateway).send(new CreateBucketCommand({ Bucket }));
});

afterEach(async () => {
  await gateway.dispose();
});

async function put(Key: string, Body: string): Promise<void> {
  await s3ClientOf(gateway).send(new PutObjectCommand({ Bucket, Key, Body }));
}

async function get(Key: string): Promise<string | undefined> {
  const { Body } = await s3ClientOf(gateway).send(new GetObjectCommand({ Bucket, Key }));
  return await Body?.transformToString();
}

/** Sends the first half of an upload of 2 MiB. */
async function beginUpload(key: string): Promise<RawConnection> {
  const connection = await RawConnection.open(Number(new URL(gateway.endpoint).port));
  const request = signRequest({
    key: gateway,
    method: 'PUT',
    target: `/${Bucket}/${key}`,
    headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', 'Content-Length': String(2 * MIB) },
  });
  connection.write(renderHead(request));
  connection.write(Buffer.alloc(MIB, 'x'));
  return connection;
}

function livingWorkers(pids: Iterable<number>): number[] {
  return [...pids].filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });
}

const workersLeft = (pids: Iterable<number>) =>
  expect.poll(() => livingWorkers(pids), { timeout: 20_000 });

const isLogged = (start: string) => gateway.log.some(({ msg }) => String(msg).startsWith(start));

describe('a stop', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['SIGTERM to the gateway', () => gateway.end('SIGTERM')],
    ['SIGINT to all of its processes, as from a terminal', () => gateway.endGroup('SIGINT')],
    ['SIGTERM to all of its processes, as from systemd', () => gateway.endGroup('SIGTERM')],
  ])('by %s lets requests under way end and takes no new ones', async (_how, stop) => {
    const pids = [...gateway.workerPids().values()];
    expect(pids).toHaveLength(2);
    // Over connections in turn: one at each worker.
    const uploads = [await beginUpload('slow-1'), await beginUpload('slow-2')];
    await put('other', 'x');
    const ended = stop();
    await expect.poll(() => isLogged('stopping')).toBe(true);
    expect((await fetch(`${gateway.consoleUrl}/readyz`)).status).toBe(503);
    await expect.poll(() => fetch(gateway.endpoint).catch(() => 'refused')).toBe('refused');
    for (const upload of uploads) {
      upload.write(Buffer.alloc(MIB, 'x'));
      expect((await upload.response()).status).toBe(200);
    }
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(livingWorkers(pids)).toEqual([]);
    gateway = await gateway.startAgain();
    expect(await get('slow-1')).toHaveLength(2 * MIB);
    expect(await get('slow-2')).toHaveLength(2 * MIB);
  });

  it('asked for twice ends all processes at once', async () => {
    const pids = [...gateway.workerPids().values()];
    const upload = await beginUpload('slow');
    await put('other', 'x');
    const first = gateway.end('SIGTERM');
    await expect.poll(() => isLogged('stopping')).toBe(true);
    await gateway.end('SIGTERM');
    expect(await first).toEqual({ code: 1, signal: null });
    await workersLeft(pids).toEqual([]);
    upload.destroy();
  });
});

describe('kill -9 of the gateway', () => {
  it('ends its workers, and another gateway takes over the data', async () => {
    await put('kept', 'x');
    const pids = [...gateway.workerPids().values()];
    await gateway.end('SIGKILL');
    gateway = await gateway.startAgain();
    // A process lets go of its locks a moment before the system forgets it.
    await workersLeft(pids).toEqual([]);
    expect(await get('kept')).toBe('x');
  });

  it('lets no other gateway start while a worker hangs', async () => {
    const [hanging = -1] = gateway.workerPids().values();
    process.kill(hanging, 'SIGSTOP');
    await gateway.end('SIGKILL');
    await expect(gateway.startAgain()).rejects.toThrow('gateway.lock.workers');
    process.kill(hanging, 'SIGCONT');
    gateway = await gateway.startAgain();
    await workersLeft([hanging]).toEqual([]);
  });
});

describe('a start', () => {
  it('fails with one sentence when the port is taken', async () => {
    const start = GatewayProcess.start({
      env: { GATEWAY_WORKERS: '2', GATEWAY_S3_LISTEN: new URL(gateway.endpoint).host },
    });
    await expect(start).rejects.toThrow(
      /"code":1.*Cannot listen on 127\.0\.0\.1:\d+: another program listens there\. Set GATEWAY_S3_LISTEN/s,
    );
  });

  it('is refused while another gateway with workers runs on the data', async () => {
    const start = GatewayProcess.start({ dataDir: gateway.dataDir });
    await expect(start).rejects.toThrow(/"code":1.*Another gateway runs on/s);
  });
});
