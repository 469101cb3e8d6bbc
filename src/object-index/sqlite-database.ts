import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { makeDirectories } from '../support/make-directories.ts';
import { LOG_LIMITS } from './log-limits.ts';
import { IndexError } from './object-index.ts';
import { runStatements, type Statement, type Statements } from './statements.ts';

export type SqliteDatabase = Database.Database;

/** How long a lock of another process (a command, another worker) is waited for. */
export const LOCK_WAIT_MS_MAX = 5_000;
const PAGE_CACHE_KIB = 16 * 1024;
/**
 * Pages of the write-ahead log after which a commit copies them into the database: 8 MiB. For
 * connections of migrations and commands; that of `SqliteWriter` leaves it to `LogCheckpointer`.
 */
const WAL_AUTOCHECKPOINT_PAGES = 2_000;
/**
 * The log file is cut back to this size whenever it starts again from its beginning. Smaller would
 * have the file system find the same space again and again: syncs are faster inside a file.
 */
const WAL_SIZE_BYTES_KEPT = LOG_LIMITS.sizeBytesMax;

/** Opens the database to write; makes it, readable by its owner only, when it is missing. */
export function openDatabase(path: string): SqliteDatabase {
  if (path !== ':memory:') {
    makeDirectories(dirname(path));
    makeFile(path);
  }
  const database = new Database(path, { timeout: LOCK_WAIT_MS_MAX });
  database.pragma('journal_mode = WAL');
  // A commit returns when its log records are on the disk, not only in the page cache.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma(`wal_autocheckpoint = ${WAL_AUTOCHECKPOINT_PAGES}`);
  database.pragma(`journal_size_limit = ${WAL_SIZE_BYTES_KEPT}`);
  database.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
  return database;
}

/**
 * Makes the file, readable by its owner only, unless it is there. An existing one must not even be
 * opened: closing it again drops all locks that this process has on it (POSIX), SQLite's as well,
 * and the next command that ends beside the gateway would take itself for the last one and remove
 * the write-ahead log that the gateway goes on writing to.
 */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Opens an existing database to read beside its writer. */
export function openReadOnly(path: string): SqliteDatabase {
  const database = new Database(path, { readonly: true, timeout: LOCK_WAIT_MS_MAX });
  database.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
  return database;
}

/** Runs operations on one connection, preparing each SQL text once. */
export class SqliteRunner {
  readonly database: SqliteDatabase;
  readonly #prepared = new Map<string, Database.Statement>();
  #dataVersion: Database.Statement | null = null;

  constructor(database: SqliteDatabase) {
    this.database = database;
  }

  run<T>(statements: Statements<T>): T {
    return runStatements(statements, (statement) => this.#execute(statement));
  }

  /** Runs a read of several statements on one snapshot. */
  runSnapshot<T>(statements: Statements<T>): T {
    this.database.exec('BEGIN');
    try {
      return this.run(statements);
    } finally {
      if (this.database.inTransaction) this.database.exec('COMMIT');
    }
  }

  /** Runs a text without values or rows: parsed once, which counts where it runs for each write. */
  control(sql: string): void {
    this.#prepare(sql).run();
  }

  /** Another number as soon as another connection has committed anything. */
  dataVersion(): unknown {
    this.#dataVersion ??= this.database.prepare('PRAGMA data_version').pluck();
    return this.#dataVersion.get();
  }

  #execute(statement: Statement): unknown {
    if (statement.kind === 'next-object-id') return this.#nextObjectId();
    const prepared = this.#prepare(statement.sql);
    if (statement.kind === 'all') return prepared.all(statement.values);
    if (statement.kind === 'get') return prepared.get(statement.values);
    return prepared.run(statement.values).changes;
  }

  #nextObjectId(): number {
    const row = this.#prepare(
      "UPDATE sequences SET last_value = last_value + 1 WHERE name = 'object_id' RETURNING last_value",
    ).get() as { last_value: number };
    return row.last_value;
  }

  #prepare(sql: string): Database.Statement {
    let prepared = this.#prepared.get(sql);
    if (!prepared) {
      prepared = this.database.prepare(sql);
      this.#prepared.set(sql, prepared);
    }
    return prepared;
  }
}

/** SQLite's code, `SQLITE_IOERR_FSYNC` for example; empty when the error is not SQLite's. */
export function sqliteCodeOf(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : '';
}

/** What callers are told of an error of the database, or of a bug in an operation. */
export function toIndexError(
  error: unknown,
  path: string,
  options: { readonly mayBeCommitted?: boolean } = {},
): IndexError {
  if (error instanceof IndexError) return error;
  const code = sqliteCodeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const details = { cause: error, mayBeCommitted: options.mayBeCommitted ?? false };
  // SHMSIZE: the log's shared memory file could not grow. WRITE: the system refused a write for
  // another reason than a full disk, which is nearly always a quota or a limit on file sizes.
  if (/^SQLITE_(FULL|IOERR_SHMSIZE|IOERR_WRITE)$/.test(code)) {
    const problem = `no space left for the index ${path}, or its quota is used up`;
    return new IndexError('full', `${problem}: ${code}: ${message}`, details);
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new IndexError(
      'overloaded',
      `another process has locked the index ${path} for more than ${LOCK_WAIT_MS_MAX} ms`,
      details,
    );
  }
  return new IndexError('failed', `index ${path}: ${code ? `${code}: ` : ''}${message}`, details);
}
