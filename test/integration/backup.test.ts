import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandResult, run } from '../support/command-line.ts';
import { startTestNode, type TestNode } from '../support/embedded-node.ts';
import { GatewayProcess, gatewayEnvironment } from '../support/gateway-process.ts';
import { keysIn } from '../support/index-files.ts';
import { s3ClientOf } from '../support/s3-client.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const Bucket = 'backed-up';

const cli = (dataDir: string, ...commandLine: string[]): Promise<CommandResult> =>
  run(process.execPath, ['dist/cli/main.js', ...commandLine], {
    env: gatewayEnvironment(dataDir),
  });

async function cliJson<T>(dataDir: string, ...commandLine: string[]): Promise<T> {
  const { code, stdout, stderr } = await cli(dataDir, ...commandLine, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
}

interface Backup {
  readonly sizeBytes: number;
  readonly masterKey: string;
  readonly counts: { readonly objects: number };
}

/** Puts one object after the other until it is stopped; knows what was acknowledged. */
class Load {
  readonly acknowledged: string[] = [];
  readonly #s3: S3Client;
  readonly #writers: Promise<void>[];
  #isStopped = false;

  constructor(s3: S3Client, writerCount: number) {
    this.#s3 = s3;
    this.#writers = Array.from({ length: writerCount }, (_, writer) => this.#write(writer));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#writers);
  }

  async #write(writer: number): Promise<void> {
    for (let count = 0; !this.#isStopped; count += 1) {
      const Key = `${writer}/${count}`;
      await this.#s3.send(new PutObjectCommand({ Bucket, Key, Body: `content of ${Key}` }));
      this.acknowledged.push(Key);
    }
  }
}

describe('backup and restore over running gateways', () => {
  let node: TestNode;
  let gateway: GatewayProcess;
  let s3: S3Client;

  beforeAll(async () => {
    // FastDFS outlives the gateways, as a cluster does.
    node = await startTestNode();
    const { host, port } = node.trackerAddress;
    gateway = await GatewayProcess.start({ env: { FASTDFS_TRACKERS: `${host}:${port}` } });
    s3 = s3ClientOf(gateway);
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  afterAll(async () => {
    await gateway.dispose();
    await node.remove();
  });

  const get = async (client: S3Client, Key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    return await Body?.transformToString();
  };

  it('a backup under load, restored elsewhere, has everything acknowledged before', async () => {
    const file = join(temporaryDirectory(), 'index.sqlite');
    const load = new Load(s3, 8);
    await expect.poll(() => load.acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(200);
    const before = [...load.acknowledged];
    const backup = await cliJson<Backup>(gateway.dataDir, 'backup', file);
    await load.stop();
    expect(load.acknowledged.length).toBeGreaterThan(before.length);
    expect(backup).toMatchObject({ sizeBytes: statSync(file).size, masterKey: 'all' });
    expect(backup.counts.objects).toBeGreaterThanOrEqual(before.length);

    const dataDir = join(temporaryDirectory(), 'new-machine');
    mkdirSync(dataDir, { mode: 0o700 });
    for (const name of ['master.key', 'root-credentials']) {
      copyFileSync(join(gateway.dataDir, name), join(dataDir, name));
    }
    expect(await cliJson(dataDir, 'restore', file)).toMatchObject({
      keptPath: null,
      masterKey: 'all',
      counts: { objects: backup.counts.objects },
    });
    const { host, port } = node.trackerAddress;
    const restored = await GatewayProcess.start({
      dataDir,
      env: { FASTDFS_TRACKERS: `${host}:${port}` },
    });
    try {
      const restoredS3 = s3ClientOf(restored);
      for (const key of before) expect(await get(restoredS3, key)).toBe(`content of ${key}`);
    } finally {
      await restored.dispose();
    }
  });

  it('restore and compact refuse while the gateway serves', async () => {
    const file = join(temporaryDirectory(), 'index.sqlite');
    await cliJson<Backup>(gateway.dataDir, 'backup', file);
    for (const commandLine of [['restore', file], ['compact']]) {
      const { code, stdout, stderr } = await cli(gateway.dataDir, ...commandLine);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(`A gateway serves from ${gateway.dataDir}`);
    }
    const { code, stderr } = await cli(gateway.dataDir, 'backup', file);
    expect(code).toBe(1);
    expect(stderr).toContain('is there already');
  });

  it('a gateway goes on with what was before when it is restored, compacted and started', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'kept' }));
    const file = join(temporaryDirectory(), 'index.sqlite');
    await cliJson<Backup>(gateway.dataDir, 'backup', file);
    await s3.send(new PutObjectCommand({ Bucket, Key: 'later', Body: 'later' }));
    await gateway.end('SIGKILL');
    const { keptPath } = await cliJson<{ keptPath: string }>(gateway.dataDir, 'restore', file);
    expect(keysIn(keptPath)).toContain('later');
    await cliJson(gateway.dataDir, 'compact');
    gateway = await gateway.startAgain();
    s3 = s3ClientOf(gateway);
    expect(await get(s3, 'kept')).toBe('kept');
    await expect(get(s3, 'later')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await s3.send(new PutObjectCommand({ Bucket, Key: 'after', Body: 'after' }));
    expect(await get(s3, 'after')).toBe('after');
  });

  it('says so when the master key does not open the secrets, and the gateway does not start', async () => {
    const file = join(temporaryDirectory(), 'index.sqlite');
    await cliJson<Backup>(gateway.dataDir, 'backup', file);
    const dataDir = join(temporaryDirectory(), 'without-key');
    const { code, stdout } = await cli(dataDir, 'restore', file);
    expect(code).toBe(0);
    expect(stdout).toContain(`Put the key that the index had into ${join(dataDir, 'master.key')}`);
    await expect(GatewayProcess.start({ dataDir })).rejects.toThrow('master.key is missing');
  });

  it('stopping a backup leaves the whole file or nothing', async () => {
    const directory = temporaryDirectory();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const file = join(directory, signal);
      const child = spawn(process.execPath, ['dist/cli/main.js', 'backup', file], {
        env: { PATH: process.env.PATH, ...gatewayEnvironment(gateway.dataDir) },
        stdio: 'ignore',
      });
      const exited = once(child, 'exit');
      await expect
        .poll(() => readdirSync(directory).some((name) => name.startsWith(signal)), {
          interval: 1,
          timeout: 10_000,
        })
        .toBe(true);
      child.kill(signal);
      const [code] = await exited;
      expect(existsSync(file)).toBe(code === 0);
      if (code === 0) rmSync(file);
    }
    expect(readdirSync(directory)).toEqual([]);
  });
});
