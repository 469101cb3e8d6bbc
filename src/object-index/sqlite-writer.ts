import { statSync } from 'node:fs';
import type { OperationTable } from './operations.ts';
import { failedReply, type Reply, type Request } from './request-channel.ts';
import {
  openDatabase,
  type SqliteDatabase,
  SqliteRunner,
  sqliteCodeOf,
  toIndexError,
} from './sqlite-database.ts';
import type { WriteContext } from './statements.ts';

export interface LogLimits {
  /** A larger log is copied into the database and cut to nothing, readers permitting. */
  readonly sizeBytesMax: number;
  readonly checkIntervalMs: number;
}

const LOG_LIMITS: LogLimits = { sizeBytesMax: 64 * 1024 * 1024, checkIntervalMs: 1_000 };
/** How long that waits for readers that still use the log; writes wait meanwhile. */
const TRUNCATE_BUSY_TIMEOUT_MS = 200;
/** Errors after which the connection is not trusted any more. */
const CONNECTION_ERRORS = /^SQLITE_(IOERR|CANTOPEN|CORRUPT|NOTADB|PROTOCOL|NOMEM|READONLY)/;

/**
 * Runs writes in batches: one transaction, one fsync, each write in a savepoint of its own, so
 * that one that fails does not fail its neighbours. Replies exist only after COMMIT succeeded.
 */
export class SqliteWriter {
  readonly #path: string;
  readonly #operations: OperationTable;
  readonly #logLimits: LogLimits;
  #runner: SqliteRunner | null;
  #logCheckedAtMs = performance.now();

  /** `database` is taken over; later ones are opened here, when a connection has failed. */
  constructor(
    path: string,
    operations: OperationTable,
    database: SqliteDatabase,
    logLimits: LogLimits = LOG_LIMITS,
  ) {
    this.#path = path;
    this.#operations = operations;
    this.#logLimits = logLimits;
    this.#runner = new SqliteRunner(database);
  }

  /** Never throws: what went wrong is in the replies, one for each request, in order. */
  runBatch(requests: readonly Request[], context: WriteContext): Reply[] {
    let isCommitting = false;
    try {
      this.#runner ??= new SqliteRunner(openDatabase(this.#path));
      const { database } = this.#runner;
      database.exec('BEGIN IMMEDIATE');
      const replies: Reply[] = [];
      for (const request of requests) replies.push(this.#runOne(this.#runner, request, context));
      isCommitting = true;
      database.exec('COMMIT');
      this.#boundLog(database);
      return replies;
    } catch (error) {
      // A commit whose log records could not be synced may still turn up after a power failure.
      // On a full disk the commit's own record, the last one, was not written to its end, and the
      // next commit takes its place.
      const isSurelyUndone = /^SQLITE_(BUSY|CONSTRAINT|FULL|IOERR_WRITE)/.test(sqliteCodeOf(error));
      this.#recover(error);
      const mayBeCommitted = isCommitting && !isSurelyUndone;
      const failure = failedReply(toIndexError(error, this.#path, { mayBeCommitted }));
      return requests.map(() => failure);
    }
  }

  /** Also copies the log into the database when this is the last connection. */
  close(): void {
    this.#runner?.database.close();
    this.#runner = null;
  }

  #runOne(runner: SqliteRunner, [name, args]: Request, context: WriteContext): Reply {
    const { database } = runner;
    database.exec('SAVEPOINT write');
    try {
      const operation = this.#operations[name];
      if (!operation) throw new Error(`no operation ${name}`);
      const value = runner.run(operation(context, ...args));
      database.exec('RELEASE write');
      return { value };
    } catch (error) {
      // A full disk and I/O errors may end the whole transaction: then all of the batch failed.
      if (!database.inTransaction) throw error;
      database.exec('ROLLBACK TO write');
      database.exec('RELEASE write');
      return failedReply(toIndexError(error, this.#path));
    }
  }

  #recover(error: unknown): void {
    const database = this.#runner?.database;
    if (!database) return;
    try {
      if (database.inTransaction) database.exec('ROLLBACK');
      if (!CONNECTION_ERRORS.test(sqliteCodeOf(error))) return;
    } catch {
      // A connection that cannot even roll back is replaced below.
    }
    this.#runner = null;
    database.close();
  }

  /**
   * Automatic checkpoints cannot start the log again from its beginning while some reader uses it,
   * so under steady load it may grow without end; this waits for a gap between readers. Never
   * throws: what was committed stays so when the log cannot be copied now.
   */
  #boundLog(database: SqliteDatabase): void {
    const nowMs = performance.now();
    if (nowMs - this.#logCheckedAtMs < this.#logLimits.checkIntervalMs) return;
    this.#logCheckedAtMs = nowMs;
    const log = statSync(`${this.#path}-wal`, { throwIfNoEntry: false });
    if (!log || log.size <= this.#logLimits.sizeBytesMax) return;
    const timeoutMs = database.pragma('busy_timeout', { simple: true });
    database.pragma(`busy_timeout = ${TRUNCATE_BUSY_TIMEOUT_MS}`);
    try {
      database.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // Tried again at the next check; a disk that is full or broken fails writes by itself.
    } finally {
      database.pragma(`busy_timeout = ${timeoutMs}`);
    }
  }
}
