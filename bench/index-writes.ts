/**
 * Puts into the index, compiled and with its threads, at several numbers of callers, against a bare
 * loop on the same disk that commits one such row at a time, which is one fsync per write. They take
 * turns. Meanwhile: the delay of the event loop of the callers' thread. Run by hand:
 *
 *   npm run bench:index-writes [-- --seconds 2 --rounds 5]
 */
import { join } from 'node:path';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { ObjectIndex } from '../src/object-index/object-index.ts';
import { openDatabase, type SqliteDatabase } from '../src/object-index/sqlite-database.ts';
import { benchObject, inDirectory, makeBucket, openCompiledIndex } from './compiled-index.ts';
import { report, rounded } from './report.ts';
import { type RunResult, runConcurrently, type Summary, summarize } from './statistics.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
  },
});
const roundMs = Number(values.seconds) * 1_000;
const callerCounts = [1, 8, 64];

/** Of the event loop, in milliseconds. */
interface Delay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

interface Outcome {
  readonly name: string;
  readonly summary: Summary;
  /** Throughput over that of the bare loop. */
  readonly ratio: number;
  /** Writes that shared a transaction. */
  readonly writesPerCommit: number;
  readonly delay: Delay | null;
}

let keysMade = 0;
/** Spread over the tree, as keys of several clients are. */
const nextKey = () => `${(Math.imul(keysMade, 0x9e3779b1) >>> 0).toString(16)}/${keysMade++}`;

/** The row that a put inserts, and nothing else: no look for an older one, no number taken. */
function openBareLoop(database: SqliteDatabase, bucketId: number) {
  const insert = database.prepare(
    `INSERT INTO objects (bucket_id, key, version_rank, id, size, etag, last_modified_ms, owner_id,
        storage_class, checksum_algorithm, checksum_type, checksum_value, part_count, file_id,
        headers, user_metadata)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, NULL, ?, ?, ?)`,
  );
  return (): RunResult => {
    const latenciesMs: number[] = [];
    const startedMs = performance.now();
    while (performance.now() - startedMs < roundMs) {
      const one = benchObject(bucketId, nextKey());
      const sentMs = performance.now();
      insert.run(
        [
          bucketId,
          one.key,
          -keysMade,
          keysMade,
          one.size,
          one.etag,
          one.lastModifiedMs,
          one.ownerId,
        ],
        [one.checksum?.algorithm, one.checksum?.type, one.checksum?.value, one.segments[0]?.fileId],
        [JSON.stringify(one.headers), JSON.stringify(one.userMetadata)],
      );
      latenciesMs.push(performance.now() - sentMs);
    }
    return toResult(latenciesMs, startedMs);
  };
}

function toResult(latenciesMs: number[], startedMs: number): RunResult {
  const seconds = (performance.now() - startedMs) / 1_000;
  return { operations: latenciesMs.length, bytes: 0, seconds, latenciesMs };
}

async function put(index: ObjectIndex, bucketId: number, callers: number): Promise<RunResult> {
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  await runConcurrently(callers, callers, async () => {
    while (performance.now() - startedMs < roundMs) {
      const sentMs = performance.now();
      const { outcome } = await index.putObject(benchObject(bucketId, nextKey()));
      if (outcome !== 'stored') throw new Error(outcome);
      latenciesMs.push(performance.now() - sentMs);
    }
    return 0;
  });
  return toResult(latenciesMs, startedMs);
}

async function measure(directory: string): Promise<Outcome[]> {
  const bareIndex = await openCompiledIndex({ path: join(directory, 'bare.sqlite') });
  const bareBucketId = await makeBucket(bareIndex);
  await bareIndex.close();
  const database = openDatabase(join(directory, 'bare.sqlite'));
  const runBare = openBareLoop(database, bareBucketId);
  const index = await openCompiledIndex({ path: join(directory, 'index.sqlite') });
  const bucketId = await makeBucket(index);
  const bare: RunResult[] = [];
  const sides = callerCounts.map((callers) => ({
    callers,
    runs: [] as RunResult[],
    commits: 0,
    monitors: [] as IntervalHistogram[],
  }));
  // The first round warms up and is not counted.
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    const bareRun = runBare();
    if (round > 0) bare.push(bareRun);
    for (const side of sides) {
      const before = (await index.measure()).writeBatchCount;
      const monitor = monitorEventLoopDelay({ resolution: 1 });
      monitor.enable();
      const run = await put(index, bucketId, side.callers);
      monitor.disable();
      if (round === 0) continue;
      side.monitors.push(monitor);
      side.runs.push(run);
      side.commits += (await index.measure()).writeBatchCount - before;
    }
  }
  database.close();
  await index.close();
  const bareSummary = summarize(bare);
  return [
    { name: 'bare loop', summary: bareSummary, ratio: 1, writesPerCommit: 1, delay: null },
    ...sides.map(({ callers, runs, commits, monitors }) => {
      const summary = summarize(runs);
      const written = runs.reduce((sum, run) => sum + run.operations, 0);
      return {
        name: `index, ${callers} ${callers === 1 ? 'caller' : 'callers'}`,
        summary,
        ratio: summary.operationsPerSecond / bareSummary.operationsPerSecond,
        writesPerCommit: written / commits,
        delay: worstOf(monitors),
      };
    }),
  ];
}

/** Of all rounds. The millisecond of the timer that is watched is part of each figure. */
function worstOf(monitors: readonly IntervalHistogram[]): Delay {
  const worst = (figure: (monitor: IntervalHistogram) => number) =>
    Math.max(...monitors.map(figure)) / 1e6;
  return {
    p50: worst((monitor) => monitor.percentile(50)),
    p99: worst((monitor) => monitor.percentile(99)),
    max: worst((monitor) => monitor.max),
  };
}

const outcomes = await inDirectory(measure);
report(
  'index-writes',
  Object.fromEntries(
    outcomes.map(({ name, summary, ratio, writesPerCommit, delay }) => [
      name,
      {
        'puts/s': rounded(summary.operationsPerSecond),
        ratio: rounded(ratio, 2),
        'writes/commit': rounded(writesPerCommit),
        'p50 ms': rounded(summary.medianMs, 2),
        'p99 ms': rounded(summary.p99Ms, 2),
        'loop p50 ms': delay ? rounded(delay.p50, 2) : '',
        'loop p99 ms': delay ? rounded(delay.p99, 2) : '',
        'loop max ms': delay ? rounded(delay.max, 2) : '',
      },
    ]),
  ),
  outcomes,
);
