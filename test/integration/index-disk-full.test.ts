import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOk } from '../support/command-line.ts';
import { startTestNode, type TestNode } from '../support/embedded-node.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { inParallel } from '../support/in-parallel.ts';
import { s3ClientOf } from '../support/s3-client.ts';

const Bucket = 'index-disk-full';
const KIB = 1024;
/** Small, so that it is full after a few hundred keys. */
const DISK_SIZE_BYTES = 1_400 * KIB;
const ENLARGED_SIZE_BYTES = 256 * KIB * KIB;
const METADATA = { filler: 'x'.repeat(1_900) };

const canMount = (() => {
  const path = mkdtempSync(join(tmpdir(), 'small-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', 'none', path]).status === 0;
  if (mounted) spawnSync('umount', [path]);
  rmSync(path, { recursive: true, force: true });
  return mounted;
})();

describe.skipIf(!canMount)(`a full disk of the index${canMount ? '' : ' (cannot mount)'}`, () => {
  /** FastDFS in this process, on another disk. */
  let node: TestNode;
  let gateway: GatewayProcess;
  let s3: S3Client;
  let dataDir: string;
  let acknowledged: Set<string>;

  beforeEach(async () => {
    acknowledged = new Set();
    dataDir = mkdtempSync(join(tmpdir(), 'small-disk-'));
    await runOk('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE_BYTES}`, 'none', dataDir]);
    node = await startTestNode();
    const { host, port } = node.trackerAddress;
    gateway = await GatewayProcess.start({ dataDir, env: { FASTDFS_TRACKERS: `${host}:${port}` } });
    s3 = s3ClientOf(gateway, { maxAttempts: 1 });
    await s3.send(new CreateBucketCommand({ Bucket }));
  });

  afterEach(async () => {
    await gateway.end('SIGKILL');
    await node.remove();
    await runOk('umount', [dataDir]);
    rmSync(dataDir, { recursive: true });
  });

  /** Resolves to the HTTP status. */
  const put = async (Key: string): Promise<number> => {
    const request = new PutObjectCommand({ Bucket, Key, Body: Key, Metadata: METADATA });
    try {
      await s3.send(request);
      acknowledged.add(Key);
      return 200;
    } catch (error) {
      return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
    }
  };

  /** Several clients at once, until each was refused. Gives the statuses of refusals. */
  const fill = async (name: string): Promise<Set<number>> => {
    const refusals = new Set<number>();
    await inParallel(8, 8, async (client) => {
      for (let number = 0; ; number += 1) {
        const status = await put(`${name}-${client}-${number}`);
        if (status === 200) continue;
        refusals.add(status);
        return;
      }
    });
    return refusals;
  };

  /** The code of the refusal; null when something was deleted. */
  const remove = async (): Promise<string | null> => {
    const Key = [...acknowledged][0] ?? '';
    try {
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));
      acknowledged.delete(Key);
      return null;
    } catch (error) {
      return (error as Error).name;
    }
  };

  const problemOfIndex = async (): Promise<string> => {
    const answer = await fetch(`${gateway.consoleUrl}/readyz`);
    return answer.status === 503 ? await answer.text() : '';
  };

  const enlarge = () => runOk('mount', ['-o', `remount,size=${ENLARGED_SIZE_BYTES}`, dataDir]);

  /** All that was acknowledged is there, and nothing else. */
  const checkObjects = async () => {
    const listed: string[] = [];
    for (let StartAfter = ''; ; StartAfter = listed.at(-1) ?? '') {
      const page = await s3.send(new ListObjectsV2Command({ Bucket, StartAfter }));
      for (const { Key = '' } of page.Contents ?? []) listed.push(Key);
      if (!page.IsTruncated) break;
    }
    expect(listed).toEqual([...acknowledged].sort());
    await inParallel(8, listed.length, async (number) => {
      const Key = listed[number] ?? '';
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      expect(await Body?.transformToString()).toBe(Key);
    });
  };

  const restart = async () => {
    await gateway.end('SIGKILL');
    gateway = await gateway.startAgain();
  };

  it('writes get 503 and the log says why, reads go on, and room is used at once', async () => {
    expect(await fill('first')).toEqual(new Set([503]));
    // A smaller change may still fit in what is left, once or twice.
    await expect.poll(remove, { timeout: 20_000 }).toBe('ServiceUnavailable');
    // As soon as the log begins anew there is some room in it, which others use up again.
    let round = 0;
    const problemOnceFull = async () => {
      round += 1;
      await fill(`again-${round}`);
      return await problemOfIndex();
    };
    await expect.poll(problemOnceFull, { timeout: 60_000 }).toMatch(/no space left for the index/);
    await checkObjects();
    const logged = gateway.log
      .map((line) => JSON.stringify(line))
      .filter((line) => /no space left for the index/.test(line));
    expect(logged.length).toBeGreaterThan(0);

    await enlarge();
    expect(await put('after')).toBe(200);
    await checkObjects();
    // What the failed writes stored is deleted although the index could not note it then.
    await expect.poll(() => node.filesOnDisk().length, { timeout: 20_000 }).toBe(acknowledged.size);
    expect(await gateway.end()).toEqual({ code: 0, signal: null });
    gateway = await gateway.startAgain();
    await checkObjects();
  });

  it('nothing that was acknowledged is lost by kill -9, and a start on it serves reads', async () => {
    await fill('first');
    await restart();
    await checkObjects();
    // The start may have found some room in the log.
    await fill('second');
    expect(await put('refused')).toBe(503);
    await restart();
    await checkObjects();
    await enlarge();
    await expect.poll(() => put('after'), { timeout: 10_000 }).toBe(200);
    await restart();
    await checkObjects();
  });

  it('a log that cannot be copied for want of room is kept, and copied when there is room', async () => {
    // Room for the log that something else takes before it is copied into the database.
    await enlarge();
    for (let number = 0; number < 20; number += 1) await put(`small-${number}`);
    const filler = join(dataDir, 'filler');
    const isCopied = () => {
      const database = new Database(join(dataDir, 'index.sqlite'));
      const [state] = database.pragma('wal_checkpoint(NOOP)') as {
        log: number;
        checkpointed: number;
      }[];
      database.close();
      return state?.log === state?.checkpointed;
    };
    writeFileSync(filler, Buffer.alloc(ENLARGED_SIZE_BYTES - diskUse(dataDir) - 1_000 * KIB));
    expect(await fill('big')).toEqual(new Set([503]));
    await restart();
    await checkObjects();
    truncateSync(filler, 0);
    await expect.poll(() => put('after'), { timeout: 10_000 }).toBe(200);
    await expect.poll(isCopied, { timeout: 20_000 }).toBe(true);
    await restart();
    await checkObjects();
  });
});

function diskUse(directory: string): number {
  const sizes = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  return sizes.reduce((sum, size) => sum + size, 0);
}
