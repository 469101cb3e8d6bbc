import { ProtocolError } from '../protocol/errors.ts';

/**
 * Takes the body of one successful response. All of it runs inside the socket's read callback; a
 * throw means that the response is not understood and closes the connection.
 */
export interface ResponseSink<Result> {
  /**
   * True when the body is content in transit, whose duration is not limited; false when the whole
   * response has to come within `commandTimeoutMs`.
   */
  readonly isTransfer: boolean;
  /** The header has come with status 0, and `bodyLength` bytes will follow. */
  start(bodyLength: number): void;
  /** Bytes that nobody will overwrite; false pauses the socket until the exchange is resumed. */
  data(chunk: Buffer): boolean;
  /** The last byte has come; what this returns is the result of the exchange. */
  end(): Result;
}

/** Far above any list that a tracker sends (512 groups: 58 KB) and any file metadata (256 KiB). */
const RESPONSE_BODY_SIZE_BYTES_MAX = 1024 * 1024;

/** Collects a response body of bounded size and decodes it. */
export class DecodingSink<Result> implements ResponseSink<Result> {
  readonly isTransfer = false;
  readonly #decode: (body: Buffer) => Result;
  readonly #chunks: Buffer[] = [];

  constructor(decode: (body: Buffer) => Result) {
    this.#decode = decode;
  }

  start(bodyLength: number): void {
    if (bodyLength > RESPONSE_BODY_SIZE_BYTES_MAX) {
      throw new ProtocolError(`response of ${bodyLength} bytes`);
    }
  }

  data(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    return true;
  }

  end(): Result {
    const [first] = this.#chunks;
    const isWhole = first !== undefined && this.#chunks.length === 1;
    return this.#decode(isWhole ? first : Buffer.concat(this.#chunks));
  }
}
