import {
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { syncDirectory } from '../support/make-directories.ts';
import { COMPANIONS, IndexFileError, removePartial, syncFile } from './index-file.ts';
import { type SqliteDatabase, sqliteCodeOf } from './sqlite-database.ts';

/** Most commands beside us end in less. */
const BUSY_TIMEOUT_MS = 1_000;

/** An index that no other process can open, until it is released. */
export interface ExclusiveIndex {
  /** Null when the file is missing, or too damaged for SQLite. */
  readonly database: SqliteDatabase | null;
  release(): void;
}

/**
 * Folds the write-ahead log into the index, so that it is a single file, and keeps all others out.
 * One that opened the file meanwhile cannot write to it once it has been replaced: SQLite notices
 * that another file has its name. Throws `IndexFileError` when another process has it open.
 */
export function takeExclusively(path: string): ExclusiveIndex {
  if (!existsSync(path)) return { database: null, release: () => {} };
  const database = new Database(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    // What is left of the journal of these changes is empty then, and means nothing to anybody.
    database.pragma('journal_size_limit = 0');
    database.pragma('synchronous = FULL');
    database.pragma('journal_mode = DELETE');
    database.exec('BEGIN EXCLUSIVE; COMMIT');
    return { database, release: () => database.close() };
  } catch (error) {
    database.close();
    if (/^SQLITE_(BUSY|LOCKED)/.test(sqliteCodeOf(error))) {
      throw new IndexFileError(
        `Another process has the index ${path} open; wait until it has ended.`,
        { cause: error },
      );
    }
    return { database: null, release: () => {} };
  }
}

/**
 * Puts a finished file in the place of the index, which has been taken exclusively. A process that is
 * killed meanwhile, or a power failure, leaves either the old or the new index: a log of the old one
 * is never beside the new one, whose pages it would overwrite. The old index is kept under the name
 * `keptPath`, with its log when that could not be folded in; it is gone when that is null.
 */
export function replaceIndex(
  exclusive: ExclusiveIndex,
  partial: string,
  path: string,
  keptPath: string | null,
): void {
  giveToOwner(partial, path);
  syncFile(partial);
  if (keptPath !== null && existsSync(path)) keep(exclusive, path, keptPath);
  if (exclusive.database === null) setCompanionsAside(path, keptPath);
  syncDirectory(dirname(path));
  renameSync(partial, path);
  syncDirectory(dirname(path));
}

/** A second name for the same file, which a rename over the first one leaves as it is. */
function keep({ database }: ExclusiveIndex, path: string, keptPath: string): void {
  try {
    linkSync(path, keptPath);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    // A file system without links. An index that is open here must not be opened otherwise.
    if (database === null) copyFileSync(path, keptPath);
    else database.prepare('VACUUM INTO ?').run(keptPath);
    syncFile(keptPath);
  }
}

/**
 * Whatever is left beside an index that is gone or cannot be read. Without its log a damaged index
 * has lost even more; both are under their new names by then.
 */
function setCompanionsAside(path: string, keptPath: string | null): void {
  const ends = COMPANIONS.filter((end) => existsSync(`${path}${end}`));
  for (const end of ends) {
    const isWorthKeeping = end !== '-shm' && statSync(`${path}${end}`).size > 0;
    if (keptPath === null || !isWorthKeeping) continue;
    try {
      linkSync(`${path}${end}`, `${keptPath}${end}`);
    } catch {
      copyFileSync(`${path}${end}`, `${keptPath}${end}`);
      syncFile(`${keptPath}${end}`);
    }
  }
  syncDirectory(dirname(path));
  for (const end of ends) rmSync(`${path}${end}`);
}

/** What root puts in place must stay readable for the account that the gateway runs under. */
function giveToOwner(partial: string, path: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(existsSync(path) ? path : dirname(path));
  chownSync(partial, uid, gid);
}

/** A new name for an index in whose place another one is put at that time. */
export function keptPathOf(path: string, nowMs: number): string {
  const stamp = new Date(nowMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  const name = `${path}${KEPT}${stamp}`;
  // Twice in one second.
  let unique = name;
  for (let count = 2; existsSync(unique); count += 1) unique = `${name}-${count}`;
  return unique;
}

const KEPT = '.before-restore-';

/**
 * Removes what a restore or a compaction that was killed has left: an unfinished file, and a second
 * name of the index that is in use still. SQLite must not meet one file under two names. The caller
 * holds the locks of the gateway.
 */
export function removeLeftovers(path: string): void {
  removePartial(`${path}.partial`);
  const index = statSync(path, { throwIfNoEntry: false });
  if (!index || index.nlink < 2) return;
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(`${basename(path)}${KEPT}`)) continue;
    const other = join(dirname(path), name);
    const { dev, ino } = statSync(other);
    if (dev === index.dev && ino === index.ino) rmSync(other);
  }
}
