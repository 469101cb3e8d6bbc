const SMALL_SIZE = 16 * 1024;
const BULK_SIZE = 256 * 1024;
/** A bulk buffer with less room than this is given up: a read of a few bytes costs a system call. */
const BULK_ROOM_MIN = 64 * 1024;

/**
 * Memory for one connection to read into. Small responses share one buffer that never leaves the
 * connection; the bytes of a large download are read into buffers that are handed on as they are,
 * so that nothing is copied.
 */
export class ReadBuffers {
  readonly #small = Buffer.allocUnsafeSlow(SMALL_SIZE);
  #bulk: Buffer | null = null;

  /** The buffer for the next read, when `bytesExpected` more bytes of a download are to come. */
  next(bytesExpected: number): Buffer {
    if (bytesExpected <= SMALL_SIZE) {
      this.#bulk = null;
      return this.#small;
    }
    this.#bulk ??= Buffer.allocUnsafeSlow(Math.min(BULK_SIZE, bytesExpected));
    return this.#bulk;
  }

  /** The bytes of `buffer` from `start` to `end` in memory that no later read overwrites. */
  keep(buffer: Buffer, start: number, end: number): Buffer {
    return buffer === this.#small
      ? Buffer.from(buffer.subarray(start, end))
      : buffer.subarray(start, end);
  }

  /** Tells that the first `size` bytes of the buffer last given out are in use. */
  consumed(size: number): void {
    if (this.#bulk === null) return;
    this.#bulk = this.#bulk.length - size < BULK_ROOM_MIN ? null : this.#bulk.subarray(size);
  }
}
