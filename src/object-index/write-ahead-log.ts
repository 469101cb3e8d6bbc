import type { SqliteDatabase } from './sqlite-database.ts';

/** How much of the write-ahead log is in use; its file may be longer. */
export interface LogState {
  readonly sizeBytes: number;
  /** As much of it is in the database, too. */
  readonly copiedBytes: number;
  /** The checkpoint could not do all that it was asked for, because others use the log. */
  readonly isBusy: boolean;
}

/**
 * - `NOOP` only looks.
 * - `PASSIVE` copies what no reader keeps from being copied, and waits for nobody.
 * - `RESTART` keeps writers out, copies all, and waits for readers that use the log, for as long as
 *   the connection's busy timeout: then the next write starts the log over.
 * - `TRUNCATE` does the same and leaves an empty file.
 */
export type CheckpointMode = 'NOOP' | 'PASSIVE' | 'RESTART' | 'TRUNCATE';

/** Each page in the log has a header of so many bytes (https://sqlite.org/fileformat2.html#walformat). */
const FRAME_HEADER_BYTES = 24;

/** Another connection's checkpoint under way counts as busy. Throws `SqliteError` when a disk fails. */
export function checkpoint(database: SqliteDatabase, mode: CheckpointMode): LogState {
  const rows = database.pragma(`wal_checkpoint(${mode})`) as {
    readonly busy: number;
    readonly log: number;
    readonly checkpointed: number;
  }[];
  const frameBytes = Number(database.pragma('page_size', { simple: true })) + FRAME_HEADER_BYTES;
  const row = rows[0];
  return {
    // Without a log, or with the lock in other hands, the counts are -1.
    sizeBytes: Math.max(0, row?.log ?? 0) * frameBytes,
    copiedBytes: Math.max(0, row?.checkpointed ?? 0) * frameBytes,
    isBusy: row?.busy === 1,
  };
}

/**
 * Lets whoever copies the log ask the writer, which may be on another thread, to have it started
 * over between two of its transactions.
 */
export class RestartRequest {
  readonly buffer: SharedArrayBuffer;
  /** The time that the writer may wait, and how long it took the last time; 0 for none. */
  readonly #ms: Int32Array;

  /** `buffer` is that of the same request on another thread. */
  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#ms = new Int32Array(buffer);
  }

  /** The writer may wait for readers this long, while its writes wait, too. */
  ask(waitMs: number): void {
    Atomics.store(this.#ms, 0, waitMs);
  }

  withdraw(): void {
    Atomics.store(this.#ms, 0, 0);
  }

  /** For the writer: the time to wait for readers; null when nothing was asked since. */
  take(): number | null {
    const waitMs = Atomics.exchange(this.#ms, 0, 0);
    return waitMs === 0 ? null : waitMs;
  }

  /** By the writer: how long its writes waited for that. */
  answer(tookMs: number): void {
    Atomics.store(this.#ms, 1, Math.ceil(tookMs));
  }

  /** How long writes waited the last time; 0 when nothing was done since this was asked. */
  takeAnswer(): number {
    return Atomics.exchange(this.#ms, 1, 0);
  }
}
