import { statfsSync } from 'node:fs';
import type { StorageFaults } from './faults.ts';

/** A statfs answer is used again for this long; uploads in between are counted. */
const REFRESH_INTERVAL_MS = 1000;

export interface DiskSpace {
  readonly totalBytes: number;
  /** What an ordinary user may still fill. */
  readonly freeBytes: number;
}

/** Knows how much fits into the file system of the store path, without asking for each upload. */
export class SpaceMonitor {
  readonly #path: string;
  readonly #reservedBytes: number;
  readonly #faults: Pick<StorageFaults, 'freeBytes'>;
  #measured: DiskSpace = { totalBytes: 0, freeBytes: 0 };
  #measuredAtMs = Number.NEGATIVE_INFINITY;
  /** Bytes that uploads under way will still take. */
  #promisedBytes = 0;

  constructor(path: string, reservedBytes: number, faults: Pick<StorageFaults, 'freeBytes'>) {
    this.#path = path;
    this.#reservedBytes = reservedBytes;
    this.#faults = faults;
  }

  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  measure(): DiskSpace {
    const nowMs = performance.now();
    if (nowMs - this.#measuredAtMs >= REFRESH_INTERVAL_MS) {
      const { blocks, bavail, bsize } = statfsSync(this.#path);
      this.#measured = { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
      this.#measuredAtMs = nowMs;
    }
    const { freeBytes } = this.#faults;
    return freeBytes === null ? this.#measured : { ...this.#measured, freeBytes };
  }

  /** Whether `byteCount` more would leave the reserve free, with all that is under way. */
  hasRoomFor(byteCount: number): boolean {
    return this.measure().freeBytes - this.#promisedBytes - byteCount >= this.#reservedBytes;
  }

  promise(byteCount: number): void {
    this.#promisedBytes += byteCount;
  }

  /** The upload has ended. What it left is taken as used until the next measurement. */
  settle(byteCount: number): void {
    this.#promisedBytes -= byteCount;
    const { totalBytes, freeBytes } = this.#measured;
    this.#measured = { totalBytes, freeBytes: Math.max(0, freeBytes - byteCount) };
  }
}
