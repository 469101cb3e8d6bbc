import type { FileChange } from '../../../src/fastdfs/server/storage-context.ts';

export interface LoggedChange {
  readonly change: FileChange;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

interface UnflushedChange extends LoggedChange {
  readonly madeAtMs: number;
}

/**
 * The changes that clients made at one storage server. As with FastDFS they wait in memory first,
 * and replicas are fed only from what was written out; a kill loses what was not.
 */
export class ChangeLog {
  /** How long a change stays in memory; `Infinity` holds changes back until this is lowered. */
  delayMs: number;
  #unflushed: UnflushedChange[] = [];
  readonly #flushed: LoggedChange[] = [];
  /** Changes that each replica has got, by its name. */
  readonly #positions = new Map<string, number>();
  /** Files whose upload was lost from the log: no replica will ever get them from it. */
  readonly #lostFiles = new Set<string>();

  constructor(delayMs: number) {
    this.delayMs = delayMs;
  }

  record(change: FileChange): void {
    const nowMs = Date.now();
    this.#unflushed.push({ change, timestamp: Math.floor(nowMs / 1000), madeAtMs: nowMs });
  }

  flushDue(nowMs: number): void {
    const isWaiting = ({ madeAtMs }: UnflushedChange) => nowMs - madeAtMs < this.delayMs;
    const firstWaiting = this.#unflushed.findIndex(isWaiting);
    const count = firstWaiting === -1 ? this.#unflushed.length : firstWaiting;
    this.#flushed.push(...this.#unflushed.splice(0, count));
  }

  flushAll(): void {
    this.#flushed.push(...this.#unflushed.splice(0));
  }

  loseUnflushed(): void {
    for (const { change } of this.#unflushed.splice(0)) {
      if (change.kind === 'create') this.#lostFiles.add(change.fileName);
    }
  }

  isLost(fileName: string): boolean {
    return this.#lostFiles.has(fileName);
  }

  /** The disk was wiped, and the log with it. */
  clear(): void {
    this.#unflushed = [];
    this.#flushed.length = 0;
    this.#positions.clear();
    this.#lostFiles.clear();
  }

  /** The next change for a replica, or null while it has all that was written out. */
  nextFor(replica: string): LoggedChange | null {
    return this.#flushed[this.#positions.get(replica) ?? 0] ?? null;
  }

  advance(replica: string): void {
    this.#positions.set(replica, (this.#positions.get(replica) ?? 0) + 1);
  }

  /** Whether the replica has everything, flushed or not. */
  isEmptyFor(replica: string): boolean {
    return this.#unflushed.length === 0 && this.nextFor(replica) === null;
  }
}
