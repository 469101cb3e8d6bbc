import { LOG_LIMITS, type LogLimits } from './log-limits.ts';
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
import { checkpoint, type RestartRequest } from './write-ahead-log.ts';
import { WriteTurn } from './write-turn.ts';

/** Errors after which the connection is not trusted any more. */
const CONNECTION_ERRORS = /^SQLITE_(IOERR|CANTOPEN|CORRUPT|NOTADB|PROTOCOL|NOMEM|READONLY)/;

export interface WriterSettings {
  /** By whoever copies the log into the database; without it, commits do that themselves. */
  readonly restart?: RestartRequest;
  readonly logLimits?: LogLimits;
  readonly lockWaitMsMax?: number;
}

/** The connection in use, and what belongs to it. */
interface WriterConnection {
  readonly runner: SqliteRunner;
  readonly turn: WriteTurn;
}

/**
 * Runs writes in batches: one transaction, one fsync, each write in a savepoint of its own, so
 * that one that fails does not fail its neighbours. Replies exist only after COMMIT succeeded.
 */
export class SqliteWriter {
  readonly #path: string;
  readonly #operations: OperationTable;
  readonly #settings: WriterSettings;
  #connection: WriterConnection | null;

  /** `database` is taken over; later ones are opened here, when a connection has failed. */
  constructor(
    path: string,
    operations: OperationTable,
    database: SqliteDatabase,
    settings: WriterSettings = {},
  ) {
    this.#path = path;
    this.#operations = operations;
    this.#settings = settings;
    this.#connection = this.#use(database);
  }

  /** Never throws: what went wrong is in the replies, one for each request, in order. */
  runBatch(requests: readonly Request[], context: WriteContext): Reply[] {
    let isCommitting = false;
    try {
      this.#connection ??= this.#use(openDatabase(this.#path));
      const { runner, turn } = this.#connection;
      // Before the batch: those of the last one have their answers already.
      this.#restartLog(runner.database);
      turn.begin();
      const replies: Reply[] = [];
      for (const request of requests) replies.push(this.#runOne(runner, request, context));
      isCommitting = true;
      runner.control('COMMIT');
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
    this.#connection?.runner.database.close();
    this.#connection = null;
  }

  #use(database: SqliteDatabase): WriterConnection {
    const { restart, lockWaitMsMax } = this.#settings;
    if (restart) database.pragma('wal_autocheckpoint = 0');
    return { runner: new SqliteRunner(database), turn: new WriteTurn(database, lockWaitMsMax) };
  }

  #runOne(runner: SqliteRunner, [name, args]: Request, context: WriteContext): Reply {
    const { database } = runner;
    runner.control('SAVEPOINT write');
    try {
      const operation = this.#operations[name];
      if (!operation) throw new Error(`no operation ${name}`);
      const value = runner.run(operation(context, ...args));
      runner.control('RELEASE write');
      return { value };
    } catch (error) {
      // A full disk and I/O errors may end the whole transaction: then all of the batch failed.
      if (!database.inTransaction) throw error;
      runner.control('ROLLBACK TO write');
      runner.control('RELEASE write');
      return failedReply(toIndexError(error, this.#path));
    }
  }

  #recover(error: unknown): void {
    const database = this.#connection?.runner.database;
    if (!database) return;
    try {
      if (database.inTransaction) database.exec('ROLLBACK');
      if (!CONNECTION_ERRORS.test(sqliteCodeOf(error))) return;
    } catch {
      // A connection that cannot even roll back is replaced below.
    }
    this.#connection = null;
    database.close();
  }

  /**
   * Copies the little that is left of the log and waits for readers that use it, when that was
   * asked for. Never throws: a log that cannot be copied now does not fail writes.
   */
  #restartLog(database: SqliteDatabase): void {
    const { restart, logLimits = LOG_LIMITS } = this.#settings;
    const waitMs = restart?.take() ?? null;
    if (!restart || waitMs === null) return;
    const startedAtMs = performance.now();
    try {
      // Another process may have done it meanwhile.
      if (checkpoint(database, 'NOOP').sizeBytes < logLimits.restartSizeBytes) return;
      database.pragma(`busy_timeout = ${waitMs}`);
      checkpoint(database, 'RESTART');
    } catch {
      // Asked for again; a disk that is full or broken fails writes by itself.
    } finally {
      database.pragma('busy_timeout = 0');
      restart.answer(performance.now() - startedAtMs);
    }
  }
}
