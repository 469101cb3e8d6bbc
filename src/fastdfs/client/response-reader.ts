import type { Header } from '../protocol/frame.ts';
import type { Exchange } from './exchange.ts';
import { ReadBuffers } from './read-buffers.ts';
import { ResponseFramer } from './response-framer.ts';

/**
 * - `partial`: more has to come.
 * - `paused`: the same, and the sink wants no more for now.
 * - `complete`: the last byte of the body has been given to the sink.
 * - `over`: the exchange was refused, or given up by its sink.
 */
export type ReadProgress = 'partial' | 'paused' | 'complete' | 'over';

/** The reading side of a connection. */
export class ResponseReader {
  readonly #buffers = new ReadBuffers();
  readonly #framer = new ResponseFramer();
  readonly #accept: (exchange: Exchange, header: Header) => boolean;
  #hasExtraBytes = false;

  /** `accept` is given each header, and says whether the body is wanted. */
  constructor(accept: (exchange: Exchange, header: Header) => boolean) {
    this.#accept = accept;
  }

  /** True when at least one byte of the response has come. */
  get hasStarted(): boolean {
    return this.#framer.hasStarted;
  }

  /** Whether bytes stood behind the response that was read last. */
  get hasExtraBytes(): boolean {
    return this.#hasExtraBytes;
  }

  /** Memory for the socket to read into. */
  nextBuffer(): Buffer {
    return this.#buffers.next(this.#framer.bodyLeft);
  }

  /** Gets ready for the response to the next request. */
  reset(): void {
    this.#framer.reset();
    this.#hasExtraBytes = false;
  }

  /**
   * Takes `size` bytes that have come into the buffer given last. Throws `ProtocolError` for what
   * cannot be a response, and what the sink throws.
   */
  read(exchange: Exchange, size: number, buffer: Buffer): ReadProgress {
    let next = 0;
    if (!exchange.hasHeader) {
      const step = this.#framer.readHeader(buffer.subarray(0, size));
      if (step.header === null) return 'partial';
      exchange.hasHeader = true;
      next = step.next;
      if (!this.#accept(exchange, step.header)) return this.#endsAt(next, size, 'over');
    }
    const bodyEnd = next + this.#framer.takeBody(size - next);
    const bytes = bodyEnd > next ? this.#buffers.keep(buffer, next, bodyEnd) : null;
    this.#buffers.consumed(size);
    const isWanted = bytes === null || exchange.sink.data(bytes);
    if (exchange.isOver) return 'over';
    if (this.#framer.bodyLeft === 0) return this.#endsAt(bodyEnd, size, 'complete');
    return isWanted ? 'partial' : 'paused';
  }

  #endsAt(end: number, size: number, progress: ReadProgress): ReadProgress {
    this.#hasExtraBytes = end < size;
    return progress;
  }
}
