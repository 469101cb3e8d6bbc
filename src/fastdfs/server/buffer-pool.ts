/** Large buffers that are used again, so that a download costs no garbage. */
export class BufferPool {
  readonly #bufferBytes: number;
  readonly #idleBuffersMax: number;
  readonly #idle: Buffer[] = [];

  constructor(options: { bufferBytes: number; idleBuffersMax: number }) {
    this.#bufferBytes = options.bufferBytes;
    this.#idleBuffersMax = options.idleBuffersMax;
  }

  /** A buffer of `bufferBytes` with arbitrary content. */
  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.#bufferBytes);
  }

  /** Only for buffers that nothing reads or writes any more. */
  giveBack(buffer: Buffer): void {
    if (this.#idle.length < this.#idleBuffersMax) this.#idle.push(buffer);
  }
}
