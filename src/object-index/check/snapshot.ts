import Database from 'better-sqlite3';
import { type CopyIndexOptions, copyIndex } from '../copy-index.ts';
import { IndexFileError, makePartial, removePartial } from '../index-file.ts';
import { type SqliteDatabase, sqliteCodeOf } from '../sqlite-database.ts';
import { describeSqliteError } from '../verify-copy.ts';

/** For the pages of trees that are read in another order than they lie in; the rest streams by. */
const PAGE_CACHE_KIB = 64 * 1024;

/**
 * Copies an index as it is at one moment, to be checked beside `place`, and gives the name of the
 * copy. Writers go on meanwhile. Throws `IndexFileError`, or the signal's reason, and leaves nothing
 * behind then.
 */
export async function takeSnapshot(
  path: string,
  place: string,
  options: Pick<CopyIndexOptions, 'signal' | 'onProgress'>,
): Promise<string> {
  const copyPath = makePartial(`${place}.fsck`);
  try {
    await copyIndex(path, copyPath, options);
    options.signal?.throwIfAborted();
    return copyPath;
  } catch (error) {
    removePartial(copyPath);
    const code = sqliteCodeOf(error);
    const described = describeSqliteError(error, path);
    if (!/^SQLITE_(CORRUPT|NOTADB)/.test(code) || !(described instanceof Error)) throw described;
    throw new IndexFileError(`${described.message}. ${ADVICE}`, { cause: error });
  }
}

const ADVICE = 'Stop the gateway, keep the damaged files aside and restore a backup.';

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
    // Sorting takes space on the disk, not memory.
    database.pragma('temp_store = FILE');
    database.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
    return database;
  } catch (error) {
    database.close();
    throw describeSqliteError(error, copyPath);
  } finally {
    removePartial(copyPath);
  }
}
