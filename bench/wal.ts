/**
 * Size of the index's write-ahead log under mixed load with readers always open: callers put,
 * overwrite and delete keys and list them, while other connections hold read transactions of one to
 * two seconds that overlap, so that there is never a moment without one. Prints the size over time,
 * the longest wait of a write, and what is left of the log at rest. Run by hand:
 *
 *   npm run bench:wal [-- --minutes 10 --readers 3 --callers 32]
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ObjectIndex } from '../src/object-index/object-index.ts';
import { openReadOnly } from '../src/object-index/sqlite-database.ts';
import { benchObject, inDirectory, makeBucket, openCompiledIndex } from './compiled-index.ts';
import { report, rounded } from './report.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    readers: { type: 'string', default: '3' },
    callers: { type: 'string', default: '32' },
  },
});
const endMs = performance.now() + Number(values.minutes) * 60_000;
const isRunning = () => performance.now() < endMs;
const SAMPLE_MS = 250;
const ROW_MS = Math.max(1_000, Number(values.minutes) * 3_000);
const KEY_COUNT = 200_000;
/** More than an idle log waits to be emptied. */
const REST_MS = 66_000;
const MIB = 2 ** 20;

interface Row {
  readonly seconds: number;
  readonly writesPerSecond: number;
  readonly logMibMax: number;
  readonly longestWriteMs: number;
}

const randomKey = () =>
  `${Math.floor(Math.random() * KEY_COUNT) % 100}/${(Math.random() * KEY_COUNT) | 0}`;
let writes = 0;
let longestWriteMs = 0;
let failures = 0;

async function timed(write: () => Promise<unknown>): Promise<void> {
  const startedMs = performance.now();
  try {
    await write();
    writes += 1;
  } catch (error) {
    failures += 1;
    console.error(error);
  }
  longestWriteMs = Math.max(longestWriteMs, performance.now() - startedMs);
}

async function writeOn(index: ObjectIndex, bucketId: number): Promise<void> {
  while (isRunning()) {
    const key = randomKey();
    if (Math.random() < 0.6) await timed(() => index.putObject(benchObject(bucketId, key)));
    else await timed(() => index.deleteObjects(bucketId, [key]));
  }
}

/** As the gateway does with files that no key needs: else the queue would grow without end. */
async function deleteOn(index: ObjectIndex): Promise<void> {
  while (isRunning()) {
    const due = { groupName: 'group1', dueAtMs: Date.now(), after: null, limit: 1_000 };
    const files = await index.listDueDeletions(due);
    if (files.length === 0) await sleep(100);
    else await timed(() => index.finishDeletions(files.map(({ id }) => id)));
  }
}

async function listOn(index: ObjectIndex, bucketId: number): Promise<void> {
  while (isRunning()) {
    const listing = { bucketId, prefix: '', delimiter: '', after: randomKey(), limit: 1_000 };
    await index.listObjects(listing);
    await sleep(10);
  }
}

async function readOn(path: string): Promise<void> {
  const database = openReadOnly(path);
  while (isRunning()) {
    database.exec('BEGIN');
    database.prepare('SELECT COUNT(*) FROM sequences').get();
    await sleep(1_000 + Math.random() * 1_000);
    database.exec('COMMIT');
  }
  database.close();
}

async function watch(path: string): Promise<Row[]> {
  const rows: Row[] = [];
  const startedMs = performance.now();
  let [rowStartedMs, writesBefore, logMax] = [startedMs, 0, 0];
  while (isRunning()) {
    await sleep(SAMPLE_MS);
    logMax = Math.max(logMax, statSync(`${path}-wal`).size);
    const nowMs = performance.now();
    if (nowMs - rowStartedMs < ROW_MS) continue;
    const row: Row = {
      seconds: (nowMs - startedMs) / 1_000,
      writesPerSecond: ((writes - writesBefore) / (nowMs - rowStartedMs)) * 1_000,
      logMibMax: logMax / MIB,
      longestWriteMs,
    };
    console.error(JSON.stringify(row));
    rows.push(row);
    [rowStartedMs, writesBefore, logMax, longestWriteMs] = [nowMs, writes, 0, 0];
  }
  return rows;
}

async function measure(directory: string) {
  const path = join(directory, 'index.sqlite');
  const events: unknown[] = [];
  const index = await openCompiledIndex({ path, onEvent: (event) => events.push(event) });
  const bucketId = await makeBucket(index);
  const watching = watch(path);
  await Promise.all([
    ...Array.from({ length: Number(values.callers) }, () => writeOn(index, bucketId)),
    deleteOn(index),
    listOn(index, bucketId),
    ...Array.from({ length: Number(values.readers) }, () => readOn(path)),
  ]);
  const rows = await watching;
  await sleep(REST_MS);
  const { logSizeBytes, databaseSizeBytes } = await index.measure();
  await index.close();
  return {
    rows,
    events,
    writes,
    failures,
    logMibMax: Math.max(...rows.map((row) => row.logMibMax)),
    logMibAtRest: logSizeBytes / MIB,
    databaseMib: databaseSizeBytes / MIB,
  };
}

const outcome = await inDirectory(measure);
report(
  'wal',
  Object.fromEntries([
    ...outcome.rows.map((row) => [
      `${Math.round(row.seconds)} s`,
      {
        'log MiB, max': rounded(row.logMibMax),
        'writes/s': rounded(row.writesPerSecond),
        'longest write ms': rounded(row.longestWriteMs),
      },
    ]),
    ['maximum', { 'log MiB, max': rounded(outcome.logMibMax) }],
    ['at rest', { 'log MiB, max': rounded(outcome.logMibAtRest) }],
  ]),
  outcome,
);
