/** A buffer that is out of the list of free ones. */
interface Lent {
  readonly buffer: Buffer;
  /** Bytes that were handed on and not given back yet. */
  outstandingBytes: number;
  /** Whether its owner may still read more into it. */
  isBeingFilled: boolean;
}

/**
 * Memory for bytes that are read from one socket and written to another without a copy. Fresh
 * memory for each read costs a large download a fifth of its time in garbage collections, which
 * V8 starts whenever 64 MiB of buffers were made.
 *
 * Giving bytes back is a courtesy: what is never given back is collected as garbage. Whoever gives
 * bytes back must not look at them again, and nobody else may.
 */
export class ReusedBuffers {
  readonly bufferSize: number;
  readonly #freeMax: number;
  readonly #free: Buffer[] = [];
  readonly #lent = new WeakMap<ArrayBufferLike, Lent>();

  /** At most `freeMax` buffers of `bufferSize` bytes are kept for later. */
  constructor(bufferSize: number, freeMax: number) {
    this.bufferSize = bufferSize;
    this.#freeMax = freeMax;
  }

  /** A buffer to read into, with any content. */
  take(): Buffer {
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.bufferSize);
    this.#lent.set(buffer.buffer, { buffer, outstandingBytes: 0, isBeingFilled: true });
    return buffer;
  }

  /** Tells that these bytes of a buffer that was taken go to somebody who may give them back. */
  handOn(bytes: Buffer): void {
    const lent = this.#lent.get(bytes.buffer);
    if (lent) lent.outstandingBytes += bytes.length;
  }

  /** Tells that nothing more is read into that buffer. */
  filled(buffer: Buffer): void {
    const lent = this.#lent.get(buffer.buffer);
    if (!lent) return;
    lent.isBeingFilled = false;
    this.#reuse(lent);
  }

  /** Gives bytes back that were handed on; bytes in other memory are left alone. */
  giveBack(bytes: Buffer): void {
    const lent = this.#lent.get(bytes.buffer);
    if (!lent) return;
    lent.outstandingBytes -= bytes.length;
    this.#reuse(lent);
  }

  #reuse(lent: Lent): void {
    if (lent.isBeingFilled || lent.outstandingBytes > 0) return;
    this.#lent.delete(lent.buffer.buffer);
    if (this.#free.length < this.#freeMax) this.#free.push(lent.buffer);
  }
}

/** For downloads; 16 MiB are kept at most. */
export const downloadBuffers = new ReusedBuffers(256 * 1024, 64);
