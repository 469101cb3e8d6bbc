import { closeSync, openSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openReadOnly, type SqliteDatabase } from '../sqlite-database.ts';

/** Pages copied in one turn of the event loop: 8 MiB of them, some milliseconds. */
const PAGES_PER_STEP = 2_048;
const OWNER_ONLY_FILE = 0o600;

export interface SnapshotOptions {
  readonly signal: AbortSignal;
  onProgress(copiedPages: number, totalPages: number): void;
}

/**
 * Copies a database as it is at one moment, page by page, so that what is damaged in it is damaged
 * in the copy as well. Writers go on beside it: it holds a read transaction while it copies, which
 * makes the write-ahead log grow by what is written meanwhile. Needs as much space as the database.
 * `copyPath` must not exist; it is gone again when this rejects.
 */
export async function takeSnapshot(
  path: string,
  copyPath: string,
  { signal, onProgress }: SnapshotOptions,
): Promise<void> {
  const source = openReadOnly(path);
  try {
    closeSync(openSync(copyPath, 'wx', OWNER_ONLY_FILE));
    try {
      // With a transaction of its own, the copy does not start again at each write of others.
      source.exec('BEGIN');
      source.prepare('SELECT COUNT(*) FROM sqlite_schema').get();
      await source.backup(copyPath, {
        progress({ totalPages, remainingPages }) {
          signal.throwIfAborted();
          onProgress(totalPages - remainingPages, totalPages);
          return PAGES_PER_STEP;
        },
      });
      signal.throwIfAborted();
    } catch (error) {
      rmSync(copyPath, { force: true });
      throw error;
    }
  } finally {
    source.close();
  }
}

/**
 * Opens a copy that nobody else uses and takes its name away: it is gone when the connection is
 * closed or the process ends, in whatever way.
 */
export function openSnapshot(copyPath: string): SqliteDatabase {
  const database = new Database(copyPath);
  try {
    // Without a log or journal beside it, whose names would stay behind. OFF alone leaves the log.
    database.pragma('journal_mode = DELETE');
    database.pragma('journal_mode = OFF');
    database.pragma('foreign_keys = OFF');
    // Sorting takes space on the disk, not memory.
    database.pragma('temp_store = FILE');
    database.pragma('cache_size = -65536');
    return database;
  } catch (error) {
    database.close();
    throw error;
  } finally {
    rmSync(copyPath, { force: true });
  }
}
