import Database from 'better-sqlite3';
import type { IndexEvent } from './index-events.ts';
import { type LogLimits, readerWaitMs } from './log-limits.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { checkpoint, type LogState, type RestartRequest } from './write-ahead-log.ts';

/** After writes were held up for readers of the log, they are not for this many times as long. */
const PAUSE_FACTOR = 3;
/** A reader that keeps the log from being copied is told of after this time … */
const HELD_MS = 10_000;
/** … or at this many times the size where waiting for readers begins, and again after a minute. */
const HELD_SIZE_FACTOR = 8;
const TELL_INTERVAL_MS = 60_000;
/** Passes in a row: each leaves what was written during the one before. */
const PASSES_MAX = 3;

/**
 * Copies the write-ahead log into the database on a connection of its own, so that no write waits
 * for it. SQLite starts a log over only when all of it is copied and no reader uses it: under load
 * something is always written meanwhile. So a large log is copied nearly to its end here, and the
 * writer is asked to do the short rest between two transactions and to wait for readers a little.
 * Readers that begin when all is copied read the database alone and are not waited for.
 */
export class LogCheckpointer {
  readonly #database: SqliteDatabase;
  readonly #limits: LogLimits;
  readonly #request: RestartRequest;
  readonly #tell: (event: IndexEvent) => void;
  #seen: LogState = { sizeBytes: 0, copiedBytes: 0, isBusy: false };
  #writtenAtMs: number;
  #passedAtMs: number;
  /** When more of the log was copied than before, or nothing was left to copy. */
  #advancedAtMs: number;
  /** What was copied when the writer was asked last; null when the log was started over since. */
  #askedAtCopiedBytes: number | null = null;
  #askAgainAtMs = 0;
  /** How long writes waited when the log was started over last: less would be in vain. */
  #neededWaitMs = 0;
  #startedOverAtMs: number;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #isHoldTold = false;

  /** `nowMs`, here and in `look`, is of a monotonic clock. Throws when it cannot be opened. */
  constructor(
    path: string,
    limits: LogLimits,
    request: RestartRequest,
    tell: (event: IndexEvent) => void,
    nowMs: number,
  ) {
    this.#database = new Database(path, { fileMustExist: true, timeout: 0 });
    // What is copied is on the disk before the log that has it is written over.
    this.#database.pragma('synchronous = FULL');
    this.#database.pragma('wal_autocheckpoint = 0');
    this.#limits = limits;
    this.#request = request;
    this.#tell = tell;
    this.#writtenAtMs = this.#passedAtMs = this.#advancedAtMs = this.#startedOverAtMs = nowMs;
  }

  /** Does what is due; to be called a few times a second. Never throws. */
  look(nowMs: number): void {
    try {
      this.#notice(checkpoint(this.#database, 'NOOP'), nowMs);
      if (this.#isPassDue(nowMs)) this.#pass(nowMs);
      if (this.#seen.sizeBytes > 0 && nowMs - this.#writtenAtMs >= this.#limits.idleMs) {
        this.#empty(nowMs);
      } else if (this.#seen.sizeBytes >= this.#limits.restartSizeBytes) this.#askWriter(nowMs);
      this.#tellOfReaders(nowMs);
    } catch (error) {
      this.#tellAtMost(nowMs, {
        kind: 'checkpoint-failed',
        message: error instanceof Error ? error.message : String(error),
      });
    }
  }

  close(): void {
    this.#request.withdraw();
    this.#database.close();
  }

  #notice(state: LogState, nowMs: number): void {
    const before = this.#seen;
    const isStartedOver = state.sizeBytes < before.sizeBytes;
    if (state.sizeBytes !== before.sizeBytes) this.#writtenAtMs = nowMs;
    if (isStartedOver) {
      this.#startedOverAtMs = nowMs;
      this.#askedAtCopiedBytes = null;
      this.#neededWaitMs = this.#request.takeAnswer();
      this.#askAgainAtMs = nowMs + PAUSE_FACTOR * this.#neededWaitMs;
    }
    const isAllCopied = state.copiedBytes >= state.sizeBytes;
    if (isStartedOver || isAllCopied || state.copiedBytes > before.copiedBytes) {
      this.#advancedAtMs = nowMs;
    }
    this.#seen = state;
  }

  #isPassDue(nowMs: number): boolean {
    const uncopiedBytes = this.#seen.sizeBytes - this.#seen.copiedBytes;
    if (uncopiedBytes >= this.#limits.passSizeBytes) return true;
    return uncopiedBytes > 0 && nowMs - this.#passedAtMs >= this.#limits.passIntervalMs;
  }

  #pass(nowMs: number): void {
    this.#passedAtMs = nowMs;
    for (let passes = 0; passes < PASSES_MAX; passes += 1) {
      const { copiedBytes } = this.#seen;
      const state = checkpoint(this.#database, 'PASSIVE');
      // Another process copies: it will do, and what it has done is seen at the next look.
      if (state.isBusy) return;
      this.#notice(state, nowMs);
      // The first pass is often a long one, in which much was written.
      if (state.copiedBytes - copiedBytes <= this.#limits.passSizeBytes / 8) return;
    }
  }

  /** Without a wait: a reader or a writer that is there now makes it wait for the next look. */
  #empty(nowMs: number): void {
    this.#request.withdraw();
    this.#notice(checkpoint(this.#database, 'TRUNCATE'), nowMs);
    this.#writtenAtMs = nowMs;
  }

  #askWriter(nowMs: number): void {
    const waitMs = readerWaitMs(this.#seen.sizeBytes, this.#limits);
    if (nowMs < this.#askAgainAtMs || waitMs < this.#neededWaitMs) return;
    // All that is left uncopied now is copied while writes wait.
    this.#pass(nowMs);
    const { copiedBytes } = this.#seen;
    // A reader that held the log all through the last wait, and still does, is not waited for again.
    if (this.#askedAtCopiedBytes !== null && copiedBytes <= this.#askedAtCopiedBytes) return;
    this.#askedAtCopiedBytes = copiedBytes;
    this.#askAgainAtMs = nowMs + (1 + PAUSE_FACTOR) * waitMs;
    this.#request.ask(waitMs);
  }

  #tellOfReaders(nowMs: number): void {
    const { sizeBytes } = this.#seen;
    const { sizeBytesMax } = this.#limits;
    const isHeld = nowMs - this.#advancedAtMs >= HELD_MS;
    if (sizeBytes > sizeBytesMax && (isHeld || sizeBytes > HELD_SIZE_FACTOR * sizeBytesMax)) {
      const growingMs = Math.round(nowMs - this.#startedOverAtMs);
      if (this.#tellAtMost(nowMs, { kind: 'log-held', sizeBytes, growingMs }))
        this.#isHoldTold = true;
    } else if (this.#isHoldTold && sizeBytes <= sizeBytesMax) {
      this.#isHoldTold = false;
      this.#tell({ kind: 'log-freed', sizeBytes });
    }
  }

  /** False when something was told just before. */
  #tellAtMost(nowMs: number, event: IndexEvent): boolean {
    if (nowMs - this.#toldAtMs < TELL_INTERVAL_MS) return false;
    this.#toldAtMs = nowMs;
    this.#tell(event);
    return true;
  }
}
