import { LOCK_WAIT_MS_MAX, type SqliteDatabase, sqliteCodeOf } from './sqlite-database.ts';

/** Pauses between two tries grow from one to the other; each is anything up to that. */
const PAUSE_MS_MIN = 0.25;
const PAUSE_MS_MAX = 2;
/** After another process was met, it is let in after each transaction, for this long … */
const CONTENDED_MS = 100;
/** … by a pause that is longer than most of its own. */
const YIELD_MS = 1;

/**
 * Begins the transactions of one connection among those of other processes. SQLite's own waiting
 * sleeps up to 100 ms between two tries, while a busy process leaves the lock for microseconds only:
 * it would be met by chance. Here tries are close, and who has met others leaves gaps for them.
 * The thread sleeps meanwhile.
 */
export class WriteTurn {
  readonly #database: SqliteDatabase;
  readonly #waitMsMax: number;
  #contendedAtMs = Number.NEGATIVE_INFINITY;

  constructor(database: SqliteDatabase, waitMsMax: number = LOCK_WAIT_MS_MAX) {
    this.#database = database;
    this.#waitMsMax = waitMsMax;
    database.pragma('busy_timeout = 0');
  }

  /** Throws SQLITE_BUSY when others had the lock for all of the time. */
  begin(): void {
    const startedAtMs = performance.now();
    if (startedAtMs - this.#contendedAtMs < CONTENDED_MS) pause(YIELD_MS);
    for (let pauseMs = PAUSE_MS_MIN; ; pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 1.1)) {
      try {
        this.#database.exec('BEGIN IMMEDIATE');
        return;
      } catch (error) {
        if (!sqliteCodeOf(error).startsWith('SQLITE_BUSY')) throw error;
        this.#contendedAtMs = performance.now();
        if (this.#contendedAtMs - startedAtMs >= this.#waitMsMax) throw error;
      }
      // At random, so that two do not go on trying in step.
      pause(PAUSE_MS_MIN / 2 + Math.random() * pauseMs);
    }
  }
}

const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

function pause(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}
