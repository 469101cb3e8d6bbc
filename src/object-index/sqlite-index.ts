import { Worker } from 'node:worker_threads';
import { locateFiles } from './import-plan.ts';
import type { IndexEvent } from './index-events.ts';
import { keepLogHere, keepLogOnThread } from './log-keeping.ts';
import { measureIndex } from './measurements.ts';
import { migrate } from './migrate.ts';
import { IndexError, type ObjectIndex } from './object-index.ts';
import {
  type BoundReads,
  type BoundWrites,
  listings,
  type OperationTable,
  pointReads,
  writeOperations,
} from './operations.ts';
import { RecentRecords } from './recent-records.ts';
import { type ChannelSettings, LocalChannel, type RequestChannel } from './request-channel.ts';
import {
  openDatabase,
  openReadOnly,
  type SqliteDatabase,
  SqliteRunner,
  toIndexError,
} from './sqlite-database.ts';
import { runListing } from './sqlite-reader.ts';
import { SqliteWriter } from './sqlite-writer.ts';
import { listUsedFiles } from './used-files.ts';
import { WorkerChannel } from './worker-channel.ts';
import { RestartRequest } from './write-ahead-log.ts';
import { WriteHealth } from './write-health.ts';

export interface SqliteIndexSettings {
  /** A file; its directory is made. `:memory:` works without threads. */
  readonly path: string;
  /** A file that loses its last reference may be deleted after this time. */
  readonly deleteDelayMs: number;
  /** The replicas of a new file are to be looked for after this time; never when null. */
  readonly replicaCheckDelayMs?: number | null;
  /**
   * False runs everything on this thread. The default is threads for compiled code and none for
   * TypeScript that is run directly, which a worker could not load.
   */
  readonly threads?: boolean;
  /** Whether other processes serve clients from it too: what they write is seen at once then. */
  readonly isShared?: boolean;
  /** Writes waiting at a time; more are refused as `overloaded`. */
  readonly waitingWritesMax?: number;
  /** Listings waiting at a time; more are refused as `overloaded`. */
  readonly waitingListingsMax?: number;
  /** Milliseconds since 1970; replaced in tests. */
  readonly now?: () => number;
  /**
   * Told of a write that may or may not be on the disk, for example when a sync failed: what is
   * read from now on need not be what a restart finds, so that the process had better end.
   */
  readonly onFailure?: (error: IndexError) => void;
  /** Told of what an operator should know and no operation tells. */
  readonly onEvent?: (event: IndexEvent) => void;
}

const WAITING_WRITES_MAX = 10_000;
const WAITING_LISTINGS_MAX = 1_000;
/** Writes that share a transaction at most; more would make the first ones wait too long. */
const WRITES_PER_TRANSACTION_MAX = 1_000;

/**
 * Opens the index in a SQLite database, which is made or migrated first. Rejects with a message
 * for the operator when that fails.
 */
export async function openSqliteIndex(settings: SqliteIndexSettings): Promise<ObjectIndex> {
  const { path, threads = import.meta.url.endsWith('.js') } = settings;
  const database = openMigrated(path);
  if (!threads) return localIndex(settings, database);
  const point = openReadOnly(path);
  // Closed only now: the last connection to go would remove the log that the others share.
  database.close();
  return await threadedIndex(settings, point);
}

function openMigrated(path: string): SqliteDatabase {
  const database = openDatabase(path);
  try {
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function localIndex(settings: SqliteIndexSettings, database: SqliteDatabase): ObjectIndex {
  const { path, onEvent = () => {} } = settings;
  const restart = new RestartRequest();
  const log = path === ':memory:' ? null : keepLogHere(path, restart, onEvent);
  const writer = new SqliteWriter(path, writeOperations as OperationTable, database, { restart });
  // Batches run from start to end in one turn, so that reads between them see commits only.
  const writes = new LocalChannel(writerSettings(settings), (requests, context) =>
    writer.runBatch(requests, context),
  );
  const reader = new SqliteRunner(path === ':memory:' ? database : openReadOnly(path));
  const reads = new LocalChannel(readerSettings(settings), (requests) =>
    requests.map((request) => runListing(reader, path, request)),
  );
  return bindIndex(settings, writes, reads, reader, async () => {
    await reads.close();
    await writes.close();
    await log?.close();
    reader.database.close();
    writer.close();
  });
}

async function threadedIndex(
  settings: SqliteIndexSettings,
  point: SqliteDatabase,
): Promise<ObjectIndex> {
  const { path, onEvent = () => {} } = settings;
  const restart = new RestartRequest();
  const startWorker = (url: URL, { batchMax }: ChannelSettings): Worker => {
    const workerData = { path, batchMax, restart: restart.buffer };
    // Flags of this process (`--eval`, loaders) are not for a compiled file.
    return new Worker(url, { workerData, execArgv: [] });
  };
  const writerUrl = new URL('./sqlite-writer-worker.js', import.meta.url);
  const readerUrl = new URL('./sqlite-reader-worker.js', import.meta.url);
  const forWriter = writerSettings(settings);
  const forReader = readerSettings(settings);
  const writes = new WorkerChannel(forWriter, () => startWorker(writerUrl, forWriter));
  const reads = new WorkerChannel(forReader, () => startWorker(readerUrl, forReader));
  const log = keepLogOnThread(path, restart, onEvent);
  const index = bindIndex(settings, writes, reads, new SqliteRunner(point), async () => {
    // The writer goes last: the last connection to close copies the log into the database.
    await Promise.all([reads.close(), log.close()]);
    point.close();
    await writes.close();
  });
  try {
    // Starts both threads, so that one that cannot start fails here.
    await Promise.all([index.finishDeletions([]), index.countDeletions()]);
    return index;
  } catch (error) {
    await index.close();
    throw error;
  }
}

function writerSettings(settings: SqliteIndexSettings): ChannelSettings {
  const { deleteDelayMs, replicaCheckDelayMs = null } = settings;
  const { waitingWritesMax = WAITING_WRITES_MAX, now = Date.now } = settings;
  return {
    name: 'writer',
    waitingMax: waitingWritesMax,
    batchMax: WRITES_PER_TRANSACTION_MAX,
    context: () => {
      const nowMs = now();
      return {
        nowMs,
        deletionNotBeforeMs: nowMs + deleteDelayMs,
        replicaCheckDueMs: replicaCheckDelayMs === null ? null : nowMs + replicaCheckDelayMs,
      };
    },
  };
}

function readerSettings(settings: SqliteIndexSettings): ChannelSettings {
  const { waitingListingsMax = WAITING_LISTINGS_MAX } = settings;
  return {
    ...writerSettings(settings),
    name: 'reader',
    waitingMax: waitingListingsMax,
    batchMax: 1,
  };
}

/** Makes a method of each operation. */
function bindIndex(
  { path, onFailure, isShared = false }: SqliteIndexSettings,
  writes: RequestChannel,
  reads: RequestChannel,
  pointReader: SqliteRunner,
  close: () => Promise<void>,
): ObjectIndex {
  const recent = isShared
    ? new RecentRecords({ version: () => pointReader.dataVersion() })
    : new RecentRecords();
  const readPoint = async (name: string, args: readonly unknown[]): Promise<unknown> => {
    try {
      const operation = (pointReads as OperationTable)[name];
      return operation && recent.get(name, args, () => pointReader.run(operation(...args)));
    } catch (error) {
      throw toIndexError(error, path);
    }
  };
  const callWriter = async (name: string, args: readonly unknown[]): Promise<unknown> => {
    try {
      return await writes.call(name, args);
    } catch (error) {
      if (error instanceof IndexError && error.mayBeCommitted) onFailure?.(error);
      throw error;
    }
  };
  const write = (name: string, args: readonly unknown[]): Promise<unknown> =>
    health.observe(name, () => recent.whileWriting(name, () => callWriter(name, args)));
  const health: WriteHealth = new WriteHealth(() => write('probeWrite', []));
  return {
    ...(bindAll(writeOperations, write) as BoundWrites<typeof writeOperations>),
    ...(bindAll(listings, (name, args) => reads.call(name, args)) as BoundReads<typeof listings>),
    ...(bindAll(pointReads, readPoint) as BoundReads<typeof pointReads>),
    locateFiles: async (workingPath) => locateIn(path, pointReader.database, workingPath),
    listUsedFiles: (directory) => usedFiles(path, pointReader.database, directory),
    verifyWritable: () => health.verify(),
    measure: () => measureIndex(path, writes, reads, health),
    close,
  };
}

/** On a connection of its own: the one for reads may not write. */
function locateIn(path: string, memory: SqliteDatabase, workingPath: string): void {
  if (path === ':memory:') {
    locateFiles(memory, workingPath);
    return;
  }
  const database = openDatabase(path);
  try {
    locateFiles(database, workingPath);
  } catch (error) {
    throw toIndexError(error, path);
  } finally {
    database.close();
  }
}

/** On a connection of its own, which can write to working files and is in nobody's way. */
async function* usedFiles(
  path: string,
  memory: SqliteDatabase,
  directory: string,
): AsyncGenerator<readonly string[], void, void> {
  if (path === ':memory:') return yield* listUsedFiles(memory, directory);
  const database = openDatabase(path);
  try {
    yield* listUsedFiles(database, directory);
  } finally {
    database.close();
  }
}

function bindAll(
  operations: object,
  call: (name: string, args: readonly unknown[]) => Promise<unknown>,
): unknown {
  return Object.fromEntries(
    Object.keys(operations).map((name) => [name, (...args: unknown[]) => call(name, args)]),
  );
}
