/**
 * What the index costs in a bucket of many keys next to one of 10,000, taking turns in one run: a
 * page of 1000 keys, a page of 1000 common prefixes, the row of a key, and PUT (committed) at random
 * places, of the index as a gateway has it (compiled, with its threads); and HEAD requests to a
 * gateway. Run by hand:
 *
 *   npm run bench:listing [-- --keys 10000000 --rounds 20 --keep]
 *
 * The databases are made in BENCH_DIR. With --keep they stay there and are used again.
 */
import { createReadStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ObjectIndex } from '../src/object-index/object-index.ts';
import { openDatabase } from '../src/object-index/sqlite-database.ts';
import { startBenchGateway } from './bench-gateway.ts';
import { benchObject, openCompiledIndex } from './compiled-index.ts';
import { GatewaySide } from './gateway-side.ts';
import type { PreparedRequest } from './http-load.ts';
import { keyName, type LargeBucket, makeLargeBucket, prefixName } from './large-bucket.ts';
import { residentMebibytes } from './process-memory.ts';
import { report, rounded } from './report.ts';
import { type RunResult, runConcurrently, type Summary, summarize } from './statistics.ts';

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '20' },
    keep: { type: 'boolean', default: false },
  },
});
const SMALL_KEY_COUNT = 10_000;
const PAGE_SIZE = 1_000;
const HEAD_REQUESTS = 10_000;

interface Side extends LargeBucket {
  readonly index: ObjectIndex;
}

interface Workload<Tested = Side> {
  readonly name: string;
  /** Of one round and side. */
  readonly operations: number;
  readonly concurrency: number;
  run(side: Tested, lane: number): Promise<number>;
  /** Is not measured. */
  cleanUp?(side: Tested): Promise<void>;
}

const random = (below: number) => Math.floor(Math.random() * below);
let putKeys: string[] = [];

const workloads: readonly Workload[] = [
  { name: 'page of 1000 keys', operations: 20, concurrency: 1, run: listKeys },
  { name: 'page of 1000 common prefixes', operations: 10, concurrency: 1, run: listPrefixes },
  { name: 'row of a key', operations: 2_000, concurrency: 1, run: findKey },
  { name: 'PUT, 1 client', operations: 200, concurrency: 1, run: putKey, cleanUp: removePutKeys },
  {
    name: 'PUT, 32 clients',
    operations: 2_000,
    concurrency: 32,
    run: putKey,
    cleanUp: removePutKeys,
  },
];

async function listKeys({ index, bucketId, ...bucket }: Side): Promise<number> {
  const after = keyName(bucket, random(bucket.keyCount - PAGE_SIZE));
  const request = { bucketId, prefix: '', delimiter: '', after, limit: PAGE_SIZE };
  return full((await index.listObjects(request)).objects.length);
}

async function listPrefixes({ index, bucketId, prefixCount }: Side): Promise<number> {
  const first = random(prefixCount - PAGE_SIZE + 1);
  const after = first === 0 ? '' : prefixName(first - 1);
  const request = { bucketId, prefix: '', delimiter: '/', after, limit: PAGE_SIZE };
  return full((await index.listObjects(request)).commonPrefixes.length);
}

function full(count: number): number {
  if (count !== PAGE_SIZE) throw new Error(`a page of ${count}`);
  return 0;
}

async function findKey({ index, bucketId, ...bucket }: Side): Promise<number> {
  const key = keyName(bucket, random(bucket.keyCount));
  if ((await index.findObject(bucketId, key)) === null) throw new Error(`${key} is missing`);
  return 0;
}

async function putKey({ index, bucketId, ...bucket }: Side): Promise<number> {
  const key = `${keyName(bucket, random(bucket.keyCount))}-${putKeys.length}`;
  putKeys.push(key);
  const { outcome } = await index.putObject(benchObject(bucketId, key));
  if (outcome !== 'stored') throw new Error(outcome);
  return 0;
}

/** The bucket is to keep its size. */
async function removePutKeys({ index, bucketId }: Side): Promise<void> {
  const keys = putKeys;
  putKeys = [];
  for (let at = 0; at < keys.length; at += 1_000) {
    await index.deleteObjects(bucketId, keys.slice(at, at + 1_000));
  }
  for (let left = keys.length; left > 0; ) {
    const due = { groupName: 'group1', dueAtMs: Date.now() + 1, after: null, limit: 1_000 };
    const deletions = await index.listDueDeletions(due);
    await index.finishDeletions(deletions.map(({ id }) => id));
    left = deletions.length;
  }
}

/** Reads the file once: what is measured is a gateway that has run for a while. */
async function warm(path: string): Promise<void> {
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) void chunk;
}

interface Comparison {
  readonly name: string;
  readonly small: Summary;
  readonly large: Summary;
  /** Time of one operation over that in the small bucket, and the same of the medians. */
  readonly ratio: number;
  readonly medianRatio: number;
}

async function compare<Tested>(
  workload: Workload<Tested>,
  small: Tested,
  large: Tested,
): Promise<Comparison> {
  const runs: { small: RunResult[]; large: RunResult[] } = { small: [], large: [] };
  const { operations, concurrency } = workload;
  // The first round warms up both sides and is not counted.
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    for (const [name, side] of Object.entries({ small, large })) {
      const result = await runConcurrently(operations, concurrency, (_, lane) =>
        workload.run(side, lane),
      );
      await workload.cleanUp?.(side);
      if (round > 0) runs[name as 'small' | 'large'].push(result);
    }
  }
  const [ofSmall, ofLarge] = [summarize(runs.small), summarize(runs.large)];
  return {
    name: workload.name,
    small: ofSmall,
    large: ofLarge,
    ratio: ofSmall.operationsPerSecond / ofLarge.operationsPerSecond,
    medianRatio: ofLarge.medianMs / ofSmall.medianMs,
  };
}

/** A gateway that serves the bucket. */
interface Served {
  readonly side: GatewaySide;
  /** For keys at random places, on more pages than are cached. */
  readonly requests: readonly PreparedRequest[];
  stop(): Promise<void>;
}

async function serve(bucket: LargeBucket): Promise<Served> {
  // Users of another gateway, whose key for secrets is gone.
  const database = openDatabase(bucket.path);
  database.exec('DELETE FROM access_keys; DELETE FROM users;');
  database.close();
  const gateway = await startBenchGateway({
    GATEWAY_INDEX_URL: `sqlite:${bucket.path}`,
    GATEWAY_BACKUP_INTERVAL: 'off',
    GATEWAY_MASTER_KEY: '5'.repeat(64),
  });
  const side = new GatewaySide(gateway.endpoint);
  await side.connect(1);
  const requests = Array.from({ length: HEAD_REQUESTS }, () =>
    side.prepare('HEAD', `/bench/${keyName(bucket, random(bucket.keyCount))}`),
  );
  const stop = async () => {
    side.close();
    await gateway.stop();
  };
  return { side, requests, stop };
}

async function compareRequests(buckets: readonly LargeBucket[]): Promise<Comparison> {
  const head: Workload<Served> = {
    ...{ name: 'HEAD request', operations: 1_000, concurrency: 1 },
    run({ side, requests }, lane) {
      const request = requests[random(HEAD_REQUESTS)];
      if (!request) throw new RangeError('no request');
      return side.send(request, lane);
    },
  };
  const served: Served[] = [];
  try {
    for (const bucket of buckets) served.push(await serve(bucket));
    const [small, large] = served;
    if (!small || !large) throw new Error('two buckets are compared');
    return await compare(head, small, large);
  } finally {
    for (const one of served) await one.stop();
  }
}

const base = process.env.BENCH_DIR ?? tmpdir();
mkdirSync(base, { recursive: true });
const directory = values.keep ? base : mkdtempSync(join(base, 'fastdfs-s3-bench-'));
const comparisons: Comparison[] = [];
const sides: Side[] = [];
try {
  for (const keyCount of [SMALL_KEY_COUNT, Number(values.keys)]) {
    const startedMs = performance.now();
    const bucket = makeLargeBucket(join(directory, `listing-${keyCount}.sqlite`), keyCount);
    const seconds = rounded((performance.now() - startedMs) / 1_000);
    console.log(`${keyCount} keys, ${bucket.sizeBytes} bytes, ready in ${seconds} s`);
    await warm(bucket.path);
    sides.push({ ...bucket, index: await openCompiledIndex({ path: bucket.path }) });
  }
  const [small, large] = sides;
  if (!small || !large) throw new Error('two buckets are compared');
  for (const workload of workloads) comparisons.push(await compare(workload, small, large));
  for (const { index } of sides) await index.close();
  comparisons.push(await compareRequests(sides));
} finally {
  if (!values.keep) rmSync(directory, { recursive: true, force: true });
}

const columnsOf = ({ small, large, ratio, medianRatio }: Comparison) => ({
  'small p50 ms': rounded(small.medianMs, 3),
  'large p50 ms': rounded(large.medianMs, 3),
  'small p99 ms': rounded(small.p99Ms, 3),
  'large p99 ms': rounded(large.p99Ms, 3),
  'p50 ratio': rounded(medianRatio, 2),
  ratio: rounded(ratio, 2),
});
const bytesPerKey = (sides[1]?.sizeBytes ?? 0) / (sides[1]?.keyCount ?? 1);
const memoryMebibytes = residentMebibytes(process.pid).peak;
report('listing', Object.fromEntries(comparisons.map((each) => [each.name, columnsOf(each)])), {
  keyCount: Number(values.keys),
  bytesPerKey,
  memoryMebibytes,
  comparisons,
});
console.log(
  `${rounded(bytesPerKey)} bytes per key, peak of resident memory ${rounded(memoryMebibytes)} MiB`,
);
