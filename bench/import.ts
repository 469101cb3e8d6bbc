/**
 * What it takes to give a million existing files keys: files are put into the store directory of an
 * embedded node (as hard links of a few, under IDs that tell their size and CRC-32), listed, and
 * imported by the command beside the running gateway. The import is killed on its way and run again;
 * then all keys are listed and some of them read by S3. Run by hand:
 *
 *   npm run bench:import [-- --files 1000000 --kill-after 12 --reads 2000]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { crc32 } from 'node:zlib';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { encodeFileName } from '../src/fastdfs/protocol/file-name-fields.ts';
import { type BenchGateway, startBenchGateway } from './bench-gateway.ts';
import { residentMebibytes } from './process-memory.ts';
import { report, rounded } from './report.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '1000000' },
    'kill-after': { type: 'string', default: '12' },
    reads: { type: 'string', default: '2000' },
  },
});
const FILE_COUNT = Number(values.files);
const BUCKET = 'imported';
/** Different contents; a file system allows some tens of thousands of links to each. */
const CONTENT_COUNT = Math.max(50, Math.ceil(FILE_COUNT / 20_000));
/** Long ago for writes, and the same for all names. */
const STORED_AT_S = Math.floor(Date.now() / 1000) - 30 * 86_400;
const RANDOM_SIZE_BITS = 23;

const contentOf = (number: number) => Buffer.from(`content ${number % CONTENT_COUNT}\n`.repeat(20));

function fileNameOf(number: number): string {
  const content = contentOf(number);
  return encodeFileName({
    storePathIndex: 0,
    directories: [Math.floor(number / 256) % 256, number % 256],
    source: { host: '127.0.0.1' },
    timestamp: STORED_AT_S,
    size: content.length,
    crc32: crc32(content),
    isAppender: false,
    extension: 'txt',
    random: { sizeBits: number % 2 ** RANDOM_SIZE_BITS, tailDigits: number % 100 },
  });
}

/** Makes the files and the list of them; gives how many went into it. */
async function makeFiles(dataDir: string, listPath: string): Promise<void> {
  const store = join(dataDir, 'fastdfs', 'data');
  const originals = join(dataDir, 'originals');
  mkdirSync(originals, { recursive: true });
  for (let number = 0; number < CONTENT_COUNT; number += 1) {
    writeFileSync(join(originals, String(number)), contentOf(number));
  }
  const list = createWriteStream(listPath);
  for (let number = 0; number < FILE_COUNT; number += 1) {
    const name = fileNameOf(number);
    const path = join(store, name.slice(4));
    if (number < 256 * 256) mkdirSync(dirname(path), { recursive: true });
    linkSync(join(originals, String(number % CONTENT_COUNT)), path);
    if (!list.write(`group1/${name}\n`)) await once(list, 'drain');
  }
  list.end();
  await once(list, 'finish');
}

interface ImportRun {
  readonly seconds: number;
  readonly counts: Readonly<Record<string, number>> | null;
  /** Resident memory in MiB, once a second. */
  readonly memory: readonly number[];
}

function startImport(dataDir: string, listPath: string): ChildProcess {
  const commandLine = ['dist/cli/main.js', 'import', BUCKET, listPath, '--json'];
  return spawn(process.execPath, commandLine, {
    env: { ...process.env, GATEWAY_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function runImport(
  dataDir: string,
  listPath: string,
  killAfterS: number | null,
): Promise<ImportRun> {
  const startMs = performance.now();
  const child = startImport(dataDir, listPath);
  const exited = once(child, 'exit');
  const memory: number[] = [];
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = { now: false };
  void exited.then(() => {
    ended.now = true;
  });
  while (!ended.now) {
    await Promise.race([exited, sleep(1_000)]);
    if (ended.now) break;
    memory.push(residentMebibytes(child.pid ?? -1).now);
    if (killAfterS !== null && performance.now() - startMs > killAfterS * 1000) {
      child.kill('SIGKILL');
    }
  }
  const seconds = (performance.now() - startMs) / 1000;
  return { seconds, memory, counts: output === '' ? null : JSON.parse(output).counts };
}

/** Lists all keys; throws when one comes twice or out of order. */
async function listAll(s3: S3Client): Promise<{ keyCount: number; seconds: number }> {
  const startMs = performance.now();
  let keyCount = 0;
  let last = '';
  for (let token: string | undefined; ; ) {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken: token }),
    );
    for (const { Key = '' } of page.Contents ?? []) {
      if (Key <= last) throw new Error(`${Key} comes after ${last}`);
      last = Key;
      keyCount += 1;
    }
    token = page.NextContinuationToken;
    if (token === undefined) break;
  }
  return { keyCount, seconds: (performance.now() - startMs) / 1000 };
}

/** Reads keys all over the bucket and compares their bytes. */
async function readSome(s3: S3Client, reads: number): Promise<void> {
  for (let read = 0; read < reads; read += 1) {
    const number = Math.floor((read * FILE_COUNT) / reads);
    const Key = `group1/${fileNameOf(number)}`;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    if (!bytes.equals(contentOf(number))) throw new Error(`${Key} has other bytes`);
  }
}

async function main(gateway: BenchGateway): Promise<void> {
  const dataDir = dirname(gateway.indexPath);
  const { host, port, ...credentials } = gateway.endpoint;
  const endpoint = `http://${host}:${port}`;
  const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const listPath = join(dataDir, 'files.txt');
  console.log(`Making ${FILE_COUNT} files …`);
  await makeFiles(dataDir, listPath);
  const killed = await runImport(dataDir, listPath, Number(values['kill-after']));
  const before = await listAll(s3);
  const resumed = await runImport(dataDir, listPath, null);
  const repeated = await runImport(dataDir, listPath, null);
  const listed = await listAll(s3);
  await readSome(s3, Number(values.reads));
  const runs = { 'killed by SIGKILL': killed, 'run again': resumed, 'and again': repeated };
  const rows = Object.entries(runs).map(([name, { seconds, memory, counts }]) => [
    name,
    {
      seconds: rounded(seconds),
      'imported / present': counts ? `${counts.imported} / ${counts.present}` : 'killed',
      'MiB at 5 s': rounded(memory[4] ?? Number.NaN),
      'MiB at the end': rounded(memory.at(-1) ?? Number.NaN),
      'MiB at most': rounded(Math.max(...memory)),
    },
  ]);
  const { keyCount } = before;
  report('import', Object.fromEntries(rows), { FILE_COUNT, runs, keyCount, listed });
  console.log(`Keys after the kill: ${before.keyCount}; at the end: ${listed.keyCount},`);
  console.log(`listed in ${rounded(listed.seconds)} s; ${values.reads} read and compared.`);
  if (listed.keyCount !== FILE_COUNT) throw new Error('keys are missing');
}

const gateway = await startBenchGateway();
try {
  await main(gateway);
} finally {
  await gateway.stop();
}
