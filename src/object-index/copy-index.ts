import { existsSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import {
  alreadyThere,
  COMPANIONS,
  checkSpace,
  IndexFileError,
  indexSizeBytes,
  makePartial,
  placeFile,
  removePartial,
} from './index-file.ts';
import { openReadOnly, type SqliteDatabase, sqliteCodeOf } from './sqlite-database.ts';
import {
  describeSqliteError,
  type IndexSummary,
  readSchemaNumber,
  type VerifyOptions,
  verifyCopy,
} from './verify-copy.ts';

export interface CopyIndexOptions extends Pick<VerifyOptions, 'prepare'> {
  /** Ends it between two steps, or after it was verified; nothing is left of the copy then. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (copiedBytes: number, totalBytes: number) => void;
  /** Called when all is copied and only has to be read again. */
  readonly onVerify?: () => void;
  /** Room to leave free beside a copy on the file system of the index; writes may need it. */
  readonly spareBytes?: number;
}

/** 4 MiB: a few milliseconds, after which the caller's event loop gets its turn. */
const STEP_PAGES = 1_024;
/** Room that the log of a busy index may need while it is copied. */
const SPARE_BYTES = 64 * 2 ** 20;

/**
 * Copies the index, while others write to it or not, into the file `destination`, which appears
 * under its name only when it is whole, verified and on the disk. It has everything that was
 * committed before the copy began. Throws `IndexFileError`, or what the signal was aborted with, and
 * leaves nothing behind then.
 */
export async function backUpIndex(
  source: string,
  destination: string,
  options: CopyIndexOptions & { readonly replaces?: boolean } = {},
): Promise<IndexSummary> {
  const { replaces = false } = options;
  refuseOwnFiles(source, destination);
  const there = statSync(destination, { throwIfNoEntry: false });
  if (there && !there.isFile()) throw new IndexFileError(`${destination} is not a file.`);
  if (there && !replaces) throw alreadyThere(destination);
  const partial = makePartialIn(destination);
  try {
    const summary = await fillPartial(source, partial, options);
    placeFile(partial, destination, { replaces });
    return summary;
  } catch (error) {
    removePartial(partial);
    throw describeCopyError(error, source, destination);
  }
}

/** Copies into a file that `makePartial` has made, and verifies it. The caller syncs or removes it. */
export async function fillPartial(
  source: string,
  partial: string,
  { onVerify, prepare, ...options }: CopyIndexOptions = {},
): Promise<IndexSummary> {
  await copyIndex(source, partial, options);
  onVerify?.();
  options.signal?.throwIfAborted();
  const summary = verifyCopy(partial, { name: source, ...(prepare && { prepare }) });
  // That held up this thread: only now can it hear that it was to stop meanwhile.
  await nextTurn();
  options.signal?.throwIfAborted();
  return summary;
}

/**
 * Copies into an empty file, page by page: what is damaged in the index is damaged in the copy. The
 * caller removes the file when this rejects.
 */
export async function copyIndex(
  source: string,
  partial: string,
  options: Omit<CopyIndexOptions, 'onVerify' | 'prepare'>,
): Promise<void> {
  checkRoom(source, partial, options.spareBytes);
  const database = openSource(source);
  try {
    // Pages come from this snapshot. Without it, each commit of another process would make the
    // copy begin again, so that under constant writes it would never end.
    database.exec('BEGIN');
    readSchemaNumber(database, source);
    await copyPages(database, partial, options);
  } finally {
    database.close();
  }
}

/**
 * SQLite's backup, not VACUUM INTO: it takes two thirds of the time and processor (2.5 s per GiB
 * here, in 80 MiB of memory) for a file that is an eighth larger, and it can be stopped. Meanwhile the
 * write-ahead log keeps what is written, since the snapshot needs what is in the database.
 */
async function copyPages(
  database: SqliteDatabase,
  partial: string,
  { signal, onProgress }: CopyIndexOptions,
): Promise<void> {
  const pageSize = Number(database.pragma('page_size', { simple: true }));
  const pageCount = Number(database.pragma('page_count', { simple: true }));
  const { totalPages } = await database.backup(partial, {
    progress: ({ totalPages, remainingPages }) => {
      signal?.throwIfAborted();
      onProgress?.((totalPages - remainingPages) * pageSize, totalPages * pageSize);
      return STEP_PAGES;
    },
  });
  // A file that is locked by somebody ends the loop early, and without an error.
  if (totalPages !== pageCount || statSync(partial).size !== pageCount * pageSize) {
    throw new IndexFileError(`${partial} is in use by another process.`);
  }
  onProgress?.(pageCount * pageSize, pageCount * pageSize);
}

function openSource(source: string): SqliteDatabase {
  if (!existsSync(source)) throw new IndexFileError(`There is no index at ${source}.`);
  return openReadOnly(source);
}

/** A copy must not fill the disk that the index itself writes to. */
function checkRoom(source: string, partial: string, spareBytes = SPARE_BYTES): void {
  if (!existsSync(source)) return;
  const directory = dirname(partial);
  const isSameDisk = statSync(source).dev === statSync(directory).dev;
  checkSpace(directory, indexSizeBytes(source) + (isSameDisk ? spareBytes : 0));
}

function makePartialIn(destination: string): string {
  const directory = dirname(resolve(destination));
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new IndexFileError(`There is no directory ${directory}.`);
  }
  try {
    return makePartial(destination);
  } catch (error) {
    if (error instanceof IndexFileError) throw error;
    throw new IndexFileError(`${destination} cannot be made: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Whatever they are called by. */
function refuseOwnFiles(source: string, destination: string): void {
  const wanted = statSync(destination, { throwIfNoEntry: false });
  const directory = statSync(dirname(resolve(destination)), { throwIfNoEntry: false });
  const own = statSync(dirname(resolve(source)), { throwIfNoEntry: false });
  const isBeside = directory && own && directory.dev === own.dev && directory.ino === own.ino;
  for (const end of ['', ...COMPANIONS, '.lock']) {
    const file = statSync(`${source}${end}`, { throwIfNoEntry: false });
    const isSameFile = wanted && file && wanted.dev === file.dev && wanted.ino === file.ino;
    const isSameName = isBeside && basename(destination) === `${basename(source)}${end}`;
    if (isSameFile || isSameName) {
      throw new IndexFileError(`${destination} belongs to the index itself; choose another name.`);
    }
  }
}

/** Errors of a copy, whose codes do not tell which of the two files they are about. */
export function describeCopyError(error: unknown, source: string, destination: string): unknown {
  const systemCode = (error as NodeJS.ErrnoException).code ?? '';
  if (!(error instanceof Database.SqliteError)) {
    if (!/^(ENOSPC|EDQUOT|EFBIG)$/.test(systemCode)) return error;
    return new IndexFileError(`No space left for ${destination}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const code = sqliteCodeOf(error);
  if (code === 'SQLITE_FULL') {
    return new IndexFileError(`No space left for ${destination}: ${error.message}`, {
      cause: error,
    });
  }
  if (code.startsWith('SQLITE_IOERR')) {
    // Of the source, or a limit on the size of the copy.
    return new IndexFileError(
      `${source} cannot be copied to ${destination}, or there is a limit on the size of that: ${code}: ${error.message}`,
      { cause: error },
    );
  }
  return describeSqliteError(error, source);
}
