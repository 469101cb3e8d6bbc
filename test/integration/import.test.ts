import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { crc32, gzipSync } from 'node:zlib';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFileName } from '../../src/fastdfs/protocol/file-name-fields.ts';
import { type CommandResult, run } from '../support/command-line.ts';
import { GatewayProcess, gatewayEnvironment } from '../support/gateway-process.ts';
import { s3ClientOf } from '../support/s3-client.ts';

const Bucket = 'imported';
const OLD_S = Math.floor(Date.now() / 1000) - 30 * 86_400;

let gateway: GatewayProcess;
let s3: S3Client;

beforeEach(async () => {
  const env = { GATEWAY_SEGMENT_SIZE: '1MiB', GATEWAY_DELETE_DELAY: '0' };
  gateway = await GatewayProcess.start({ env });
  s3 = s3ClientOf(gateway);
  await s3.send(new CreateBucketCommand({ Bucket }));
});

afterEach(() => gateway.dispose());

function command(
  commandLine: readonly string[],
  env: Record<string, string> = gatewayEnvironment(gateway.dataDir),
): Promise<CommandResult> {
  return run(process.execPath, ['dist/cli/main.js', ...commandLine], { env });
}

const countsOf = ({ stdout, stderr }: CommandResult): Record<string, number> => {
  expect(stderr).toBe('');
  const counts = JSON.parse(stdout).counts as Record<string, number>;
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
};

interface StoredFile {
  readonly fileId: string;
  readonly path: string;
}

/** The ID of a file with that content that was stored long ago, and its path on the disk. */
function oldFile(number: number, content: Buffer): StoredFile {
  const name = encodeFileName({
    storePathIndex: 0,
    directories: [0, number % 256],
    source: { host: '127.0.0.1' },
    timestamp: OLD_S,
    size: content.length,
    crc32: crc32(content),
    isAppender: false,
    extension: 'txt',
    random: { sizeBits: number, tailDigits: number % 100 },
  });
  return { fileId: `group1/${name}`, path: join(gateway.dataDir, 'fastdfs/data', name.slice(4)) };
}

/** Puts a file where FastDFS has it, without the gateway's knowledge. */
function storeOld(number: number, content: Buffer): StoredFile {
  const file = oldFile(number, content);
  mkdirSync(dirname(file.path), { recursive: true });
  writeFileSync(file.path, content);
  return file;
}

function writeList(name: string, text: string | Buffer): string {
  const path = join(gateway.dataDir, name);
  writeFileSync(path, text);
  return path;
}

async function keysOf(client: S3Client, bucket = Bucket): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    for (const { Key = '' } of page.Contents ?? []) keys.push(Key);
  }
  return keys;
}

async function read(client: S3Client, Key: string, bucket = Bucket): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** Files are put where the embedded node has them. */
const isElsewhere = Boolean(process.env.FASTDFS_TRACKERS);

describe.skipIf(isElsewhere)('fastdfs-s3 import and export', () => {
  it('give files keys beside the running gateway, and change nothing when repeated', async () => {
    const files = [0, 1, 2].map((number) => storeOld(number, Buffer.from(`content ${number}`)));
    const ids = files.map(({ fileId }) => fileId);
    const list = writeList('files.list.gz', gzipSync(`${ids.join('\n')}\nnonsense\n`));
    const first = await command(['import', Bucket, list, '--json', '--check']);
    expect(first.code).toBe(1);
    expect(countsOf(first)).toEqual({ imported: 3, malformed: 1 });
    expect(await keysOf(s3)).toEqual([...ids].sort());
    for (const [number, key] of ids.entries()) {
      expect((await read(s3, key)).toString()).toBe(`content ${number}`);
    }
    const again = await command(['import', Bucket, list, '--json', '--md5']);
    expect(countsOf(again)).toEqual({ updated: 3, malformed: 1 });
    const { ETag, ContentType } = await s3.send(new GetObjectCommand({ Bucket, Key: ids[0] }));
    expect(ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(ContentType).toBe('text/plain');
  });

  it('read keys from a CSV, and what stands in a binlog at its end', async () => {
    const [kept, deleted, named] = [0, 1, 2].map((number) =>
      storeOld(number, Buffer.from(`content ${number}`)),
    ) as [StoredFile, StoredFile, StoredFile];
    const nameOf = ({ fileId }: { fileId: string }) => fileId.slice('group1/'.length);
    const lines = ['C', 'c'].map(
      (letter, at) => `1700000000 ${letter} ${nameOf([kept, deleted][at] ?? kept)}`,
    );
    const binlog = writeList(
      'binlog.000',
      `${lines.join('\n')}\n1700000009 d ${nameOf(deleted)}\n`,
    );
    const csv = writeList('keys.csv', `key,file id\r\n"a ""b"", c/ü.txt",/${named.fileId}\r\n`);
    const options = ['--group', 'group1', '--key', 'old/{path}', '--json'];
    expect(countsOf(await command(['import', Bucket, binlog, csv, ...options]))).toEqual({
      imported: 2,
    });
    expect(await keysOf(s3)).toEqual(['a "b", c/ü.txt', `old/${nameOf(kept)}`]);
    const exported = await command(['export', Bucket]);
    expect(exported.stdout).toBe(
      `"a ""b"", c/ü.txt",${named.fileId}\r\nold/${nameOf(kept)},${kept.fileId}\r\n`,
    );
  });

  it('leave imported files where they are, unless the bucket gives them up', async () => {
    const [kept, given] = [0, 1].map((number) =>
      storeOld(number, Buffer.from(`content ${number}`)),
    ) as [StoredFile, StoredFile];
    const list = writeList('ids.txt', `${kept.fileId}\n${given.fileId}\n`);
    await command(['import', Bucket, list]);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: kept.fileId }));
    expect((await command(['bucket', 'imported-files', Bucket, 'delete'])).code).toBe(0);
    await s3.send(new DeleteObjectCommand({ Bucket, Key: given.fileId }));
    await command(['gc', 'run', '--all']);
    expect([existsSync(kept.path), existsSync(given.path)]).toEqual([true, false]);
    expect(countsOf(await command(['import', Bucket, list, '--check', '--json']))).toEqual({
      ...{ imported: 1, missing: 1 },
    });
  });

  it('go on after SIGKILL without a key twice or a key less', async () => {
    const count = 5_000;
    const ids = Array.from(
      { length: count },
      (_, number) => oldFile(number, Buffer.from('x')).fileId,
    );
    const list = writeList('ids.txt', `${ids.join('\n')}\n`);
    const commandLine = ['dist/cli/main.js', 'import', Bucket, list, '--json'];
    const env = { PATH: process.env.PATH, ...gatewayEnvironment(gateway.dataDir) };
    const killed = spawn(process.execPath, commandLine, { env, stdio: 'ignore' });
    const exited = once(killed, 'exit');
    const state = join(gateway.dataDir, 'import.json');
    while (!existsSync(state) && killed.exitCode === null) await setTimeout(5);
    killed.kill('SIGKILL');
    await exited;
    const {
      imported = 0,
      present = 0,
      ...others
    } = countsOf(await command(['import', Bucket, list, '--json']));
    expect(imported + present).toBe(count);
    expect(others).toEqual({});
    expect(await keysOf(s3)).toEqual([...ids].sort());
    expect(existsSync(state)).toBe(false);
    expect((await command(['fsck'])).code).toBe(0);
  });

  it('bring a bucket into another gateway of the same cluster', async () => {
    const body = Buffer.alloc(2.5 * 2 ** 20, 'long');
    const metadata = { ContentType: 'text/x-own', Metadata: { of: 'me' } };
    await s3.send(new PutObjectCommand({ Bucket, Key: 'long', Body: body, ...metadata }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' }));
    const out = join(gateway.dataDir, 'all.jsonl');
    expect((await command(['export', Bucket, '--format', 'jsonl', '--out', out])).code).toBe(0);
    const node = JSON.parse(readFileSync(join(gateway.dataDir, 'embedded-node.json'), 'utf8'));
    const { host, port } = node.tracker;
    const other = await GatewayProcess.start({ env: { FASTDFS_TRACKERS: `${host}:${port}` } });
    try {
      const client = s3ClientOf(other);
      await client.send(new CreateBucketCommand({ Bucket }));
      const env = { ...gatewayEnvironment(other.dataDir), FASTDFS_TRACKERS: `${host}:${port}` };
      // The files are new, and have no extension: only the gateway that wrote them may know them.
      const early = await command(['import', Bucket, out, '--json'], env);
      expect(countsOf(early)).toEqual({ imported: 1, 'too-new': 1 });
      const told = await command(['import', Bucket, out, '--json', '--written-elsewhere'], env);
      expect(countsOf(told)).toEqual({ imported: 1, present: 1 });
      expect((await read(client, 'long')).equals(body)).toBe(true);
      const [mine, theirs] = await Promise.all(
        [s3, client].map((each) => each.send(new GetObjectCommand({ Bucket, Key: 'long' }))),
      );
      for (const name of ['ETag', 'ContentType', 'Metadata', 'LastModified'] as const) {
        expect(theirs?.[name]).toEqual(mine?.[name]);
      }
      const repeated = await command(['export', Bucket, '--format', 'jsonl'], env);
      expect(repeated.stdout).toBe(readFileSync(out, 'utf8'));
    } finally {
      await other.dispose();
    }
  });
});
