import { downloadBuffers } from '../../support/reused-buffers.ts';

const SMALL_SIZE = 16 * 1024;
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
      this.#giveUpBulk();
      return this.#small;
    }
    this.#bulk ??=
      bytesExpected < downloadBuffers.bufferSize
        ? Buffer.allocUnsafeSlow(bytesExpected)
        : downloadBuffers.take();
    return this.#bulk;
  }

  /**
   * The bytes of `buffer` from `start` to `end` in memory that no later read overwrites before they
   * are given back to `downloadBuffers`.
   */
  keep(buffer: Buffer, start: number, end: number): Buffer {
    if (buffer === this.#small) return Buffer.from(buffer.subarray(start, end));
    const bytes = buffer.subarray(start, end);
    downloadBuffers.handOn(bytes);
    return bytes;
  }

  /** Tells that the first `size` bytes of the buffer last given out have been dealt with. */
  consumed(size: number): void {
    if (this.#bulk === null) return;
    if (this.#bulk.length - size < BULK_ROOM_MIN) this.#giveUpBulk();
    else this.#bulk = this.#bulk.subarray(size);
  }

  #giveUpBulk(): void {
    if (this.#bulk !== null) downloadBuffers.filled(this.#bulk);
    this.#bulk = null;
  }
}
