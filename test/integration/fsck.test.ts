import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type * as CheckIndex from '../../src/check-index.ts';
import { encodeFileName } from '../../src/fastdfs/protocol/file-name-fields.ts';
import { type CommandResult, run } from '../support/command-line.ts';
import { GatewayProcess, gatewayEnvironment } from '../support/gateway-process.ts';
import { s3ClientOf } from '../support/s3-client.ts';

const Bucket = 'checked';
const KEY_COUNT = 20;
const PART_SIZE = 5 * 2 ** 20;

let gateway: GatewayProcess;
let s3: S3Client;

beforeEach(async () => {
  gateway = await GatewayProcess.start({ env: { GATEWAY_SEGMENT_SIZE: '1MiB' } });
  s3 = s3ClientOf(gateway);
  await s3.send(new CreateBucketCommand({ Bucket }));
});

afterEach(() => gateway.dispose());

const indexPath = () => join(gateway.dataDir, 'index.sqlite');
const environment = () => gatewayEnvironment(gateway.dataDir);

function fsck(...commandLine: string[]): Promise<CommandResult> {
  const env = environment();
  return run(process.execPath, ['dist/cli/main.js', 'fsck', ...commandLine, '--json'], { env });
}

interface Report {
  readonly open: number;
  readonly finished: boolean;
  readonly findings: readonly { readonly kind: string; readonly repair: string; where: object }[];
}

const report = ({ stdout, stderr }: CommandResult): Report => {
  expect(stderr).toBe('');
  return JSON.parse(stdout);
};

/** Damages tables as no operation would, beside the gateway. */
function damage(sql: string): void {
  const database = new Database(indexPath(), { timeout: 10_000 });
  try {
    database.pragma('foreign_keys = OFF');
    database.exec(sql);
  } finally {
    database.close();
  }
}

/** The first column of each row. */
function query(sql: string): unknown[] {
  const database = new Database(indexPath(), { timeout: 10_000, readonly: true });
  try {
    return database.prepare(sql).pluck().all();
  } finally {
    database.close();
  }
}

const randomKey = (prefix = 'k') => `${prefix}${Math.floor(Math.random() * KEY_COUNT)}`;
const ignoreMissing = (error: Error) => {
  if (!/NoSuchKey|SlowDown/.test(error.name)) throw error;
};

async function multipart(): Promise<void> {
  const target = { Bucket, Key: randomKey() };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
  const upload = { ...target, UploadId };
  const Body = Buffer.alloc(PART_SIZE, 'p');
  const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body }));
  const CopySource = `${Bucket}/source`;
  const copied = await s3.send(new UploadPartCopyCommand({ ...upload, PartNumber: 2, CopySource }));
  if (Math.random() < 0.3) {
    await s3.send(new AbortMultipartUploadCommand(upload));
    return;
  }
  const Parts = [
    { PartNumber: 1, ETag },
    { PartNumber: 2, ETag: copied.CopyPartResult?.ETag },
  ];
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
}

const work = [
  () => s3.send(new PutObjectCommand({ Bucket, Key: randomKey(), Body: 'x'.repeat(2_000) })),
  () => s3.send(new PutObjectCommand({ Bucket, Key: randomKey(), Body: Buffer.alloc(2 ** 21) })),
  () =>
    s3
      .send(
        new CopyObjectCommand({
          ...{ Bucket, Key: randomKey(), CopySource: `${Bucket}/${randomKey()}` },
          ...{ MetadataDirective: 'REPLACE', Metadata: { copied: 'yes' } },
        }),
      )
      .catch(ignoreMissing),
  () => s3.send(new DeleteObjectCommand({ Bucket, Key: randomKey() })),
  multipart,
];

/** Clients that write all kinds of things until `task` is done. */
async function underLoad<T>(task: () => Promise<T>): Promise<T> {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'source', Body: Buffer.alloc(3 * 2 ** 20) }));
  let isDone = false;
  const client = async () => {
    while (!isDone) await work[Math.floor(Math.random() * work.length)]?.();
  };
  const clients = [1, 2, 3, 4].map(client);
  try {
    return await task();
  } finally {
    isDone = true;
    await Promise.all(clients);
  }
}

it('finds nothing wrong while all kinds of writes go on', async () => {
  await underLoad(async () => {
    for (let round = 0; round < 5; round += 1) {
      const result = await fsck();
      expect(report(result)).toMatchObject({ open: 0, findings: [], finished: true });
      expect(result.code).toBe(0);
    }
  });
  expect(report(await fsck())).toMatchObject({ open: 0, findings: [] });
  expect((await readdir(gateway.dataDir)).filter((name) => name.includes('fsck'))).toEqual([]);
});

it('mends damage while all kinds of writes go on', async () => {
  for (const Key of ['lost', 'kept']) {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  }
  const copy = { Bucket, Key: 'copy', CopySource: `${Bucket}/kept` };
  await s3.send(new CopyObjectCommand(copy));
  await underLoad(async () => {
    const fileOf = (key: string) => `(SELECT file_id FROM objects WHERE key = '${key}')`;
    damage(
      `DELETE FROM shared_files WHERE file_id = ${fileOf('kept')};
      INSERT INTO segments VALUES (987654, 0, 0, 4, ${fileOf('lost')}, 0);
      INSERT INTO deletion_queue (file_id, group_name, not_before_ms)
        VALUES (${fileOf('lost')}, 'group1', 9000000000000000)`,
    );
    const found = await fsck();
    expect(found.code).toBe(1);
    const kinds = report(found).findings.map(({ kind }) => kind);
    expect(kinds).toContain('count-too-low');
    expect(kinds).toContain('queued-but-needed');
    const mended = await fsck('--repair');
    expect(report(mended)).toMatchObject({ open: 0, finished: true });
    expect(mended.code).toBe(0);
    expect(report(await fsck())).toMatchObject({ open: 0, findings: [] });
  });
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'copy' }));
  for (const Key of ['lost', 'kept']) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    expect(await Body?.transformToString()).toBe(Key);
  }
});

it('names the bucket and key of what it cannot mend', async () => {
  const Body = Buffer.alloc(3 * 2 ** 20);
  await s3.send(new PutObjectCommand({ Bucket, Key: 'torn', Body }));
  damage('DELETE FROM segments WHERE start_offset = 1048576');
  const result = await fsck('--repair');
  expect(result.code).toBe(1);
  expect(report(result).findings).toMatchObject([
    { kind: 'segment-gap', repair: 'impossible', where: { bucket: Bucket, key: 'torn' } },
  ]);
  const text = await run(process.execPath, ['dist/cli/main.js', 'fsck'], { env: environment() });
  expect(text.stdout).toContain(`${Bucket}/torn`);
  expect(text.stdout).toContain('1 thing needs attention.');
});

describe('--orphans --repair', () => {
  const HOUR_MS = 3_600_000;
  const storedAtMs = Math.floor(Date.now() / 1000) * 1000 - 48 * HOUR_MS;
  const orphanIn = (group: string) =>
    `${group}/${encodeFileName({
      ...{ storePathIndex: 0, directories: [0, 0], source: { host: '10.0.0.1' } },
      ...{ timestamp: storedAtMs / 1000, size: 100, crc32: 7 },
      ...{ isAppender: false, extension: '', random: { sizeBits: 0, tailDigits: 7 } },
    })}`;
  const [orphan, foreign] = [orphanIn('group1'), orphanIn('group2')];
  let listing: string;
  beforeEach(async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'kept' }));
    const [known] = query("SELECT file_id FROM objects WHERE key = 'kept'");
    listing = join(gateway.dataDir, 'files.list');
    await writeFile(listing, [orphan, foreign, known].join('\n'));
  });

  const queue = () => fsck('--orphans', listing, '--repair', '--only-this-gateway');
  const queued = () => query('SELECT file_id FROM deletion_queue');
  const noteRestore = (atMs: number) =>
    damage(`REPLACE INTO sequences (name, last_value) VALUES ('restored_at_ms', ${atMs})`);

  it('queues them where the index knows files, and leaves other places alone', async () => {
    const { code, stdout } = await queue();
    const { findings } = JSON.parse(stdout) as Report;
    // In the order of their IDs: a cluster may have stored the orphan in either group.
    const expected = [
      { fileId: orphan, repair: 'repaired' },
      { fileId: foreign, repair: 'impossible' },
    ].sort((one, other) => (one.fileId < other.fileId ? -1 : 1));
    expect(findings.map(({ where, repair }) => [where, repair])).toEqual(
      expected.map(({ fileId, repair }) => [{ bucket: null, fileId }, repair]),
    );
    expect(code).toBe(1);
    expect(queued()).toEqual([orphan]);
  });

  it('queues nothing while the index is damaged', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'torn', Body: Buffer.alloc(3 * 2 ** 20) }));
    damage('DELETE FROM segments WHERE start_offset = 1048576');
    const refused = await queue();
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('The index is damaged');
    expect(queued()).toEqual([]);
  });

  it.each([
    [-0.5 * HOUR_MS, []],
    [-2 * HOUR_MS, [orphan]],
  ])(
    'heeds a restore %d ms after they were stored, as far as clocks tell',
    async (ms, expected) => {
      noteRestore(storedAtMs + ms);
      const { stderr } = await queue();
      expect(stderr.includes('was restored from a backup')).toBe(expected.length === 0);
      expect(queued()).toEqual(expected);
    },
  );
});

it('leaves nothing behind when it is interrupted', async () => {
  const child = spawn(process.execPath, ['dist/cli/main.js', 'fsck', '--json'], {
    ...{ env: { PATH: process.env.PATH, ...environment() }, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  const exited = once(child, 'exit');
  const seen = async () => (await readdir(gateway.dataDir)).some((name) => name.includes('fsck'));
  while (child.exitCode === null && !(await seen())) await setTimeout(1);
  child.kill('SIGINT');
  const [code] = await exited;
  expect([0, 1]).toContain(code);
  expect(await seen()).toBe(false);
});

it('leaves no copy behind when it is stopped before that is opened', async () => {
  const compiled = new URL('../../dist/check-index.js', import.meta.url).href;
  const { checkIndexFile } = (await import(compiled)) as typeof CheckIndex;
  const stopping = new AbortController();
  const checking = checkIndexFile(indexPath(), indexPath(), {
    signal: stopping.signal,
    // The process that opens the copy is started by then, and does not run yet.
    onCopy: (copied, total) => {
      if (copied === total) setImmediate(() => stopping.abort(new Error('stopped')));
    },
    onCheck: () => {},
  });
  await expect(checking).rejects.toThrow('stopped');
  expect((await readdir(gateway.dataDir)).filter((name) => name.includes('fsck'))).toEqual([]);
});
