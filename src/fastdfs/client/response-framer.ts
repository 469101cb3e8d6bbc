import { HEADER_SIZE } from '../protocol/constants.ts';
import { decodeResponseHeader, type Header } from '../protocol/frame.ts';

/** Finds header and body in the bytes of a connection, however they are split. */
export class ResponseFramer {
  readonly #headerBytes = Buffer.allocUnsafe(HEADER_SIZE);
  #headerFill = 0;
  #bodyLeft = 0;

  /** True when at least one byte of the response has come. */
  get hasStarted(): boolean {
    return this.#headerFill > 0;
  }

  /** Bytes of the body that are still to come. */
  get bodyLeft(): number {
    return this.#bodyLeft;
  }

  /** Forgets the response that ended, before the next request is sent. */
  reset(): void {
    this.#headerFill = 0;
    this.#bodyLeft = 0;
  }

  /**
   * Takes header bytes from the start of `bytes`; `next` is where the body begins. The header is
   * null while bytes of it are missing. Throws `ProtocolError` for what cannot be a response.
   */
  readHeader(bytes: Buffer): { header: Header | null; next: number } {
    const next = Math.min(HEADER_SIZE - this.#headerFill, bytes.length);
    bytes.copy(this.#headerBytes, this.#headerFill, 0, next);
    this.#headerFill += next;
    if (this.#headerFill < HEADER_SIZE) return { header: null, next };
    const header = decodeResponseHeader(this.#headerBytes);
    this.#bodyLeft = header.bodyLength;
    return { header, next };
  }

  /** How many of `available` bytes belong to the body; they count as read. */
  takeBody(available: number): number {
    const take = Math.min(available, this.#bodyLeft);
    this.#bodyLeft -= take;
    return take;
  }
}
