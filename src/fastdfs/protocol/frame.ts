import type { RequestEncoder, ResponseEncoder } from './command.ts';
import { HEADER_SIZE, RESPONSE_CODE } from './constants.ts';
import { ProtocolError } from './errors.ts';
import type { ResponseLayout } from './response-layout.ts';

/**
 * The largest body that is collected in memory; content is streamed and has no such limit. A
 * tracker's own limit for a package is 256 KiB by default; operators may raise it.
 */
export const BODY_SIZE_BYTES_MAX = 1024 * 1024;

/** What stands before every body, in both directions. */
export interface Header {
  /** Bytes that follow the header. */
  readonly bodyLength: number;
  /** Command code in a request, 100 in a response. */
  readonly code: number;
  /** FastDFS status in a response; 0 or the flags of QUERY_FILE_INFO in a request. */
  readonly status: number;
}

/**
 * header  bodyLength:int64 command:uint8 status:uint8
 *
 * There is no magic number: a peer that does not speak FastDFS shows as an absurd length.
 */
export function encodeHeader({ bodyLength, code, status }: Header): Buffer {
  if (!Number.isSafeInteger(bodyLength) || bodyLength < 0) {
    throw new ProtocolError(`body length out of range: ${bodyLength}`);
  }
  const header = Buffer.allocUnsafe(HEADER_SIZE);
  header.writeBigInt64BE(BigInt(bodyLength), 0);
  header[8] = code;
  header[9] = status;
  return header;
}

/** Throws `ProtocolError` for a length that is negative or beyond 2^53, or for fewer than 10 bytes. */
export function decodeHeader(bytes: Buffer): Header {
  if (bytes.length < HEADER_SIZE) throw new ProtocolError('header ends early');
  const bodyLength = Number(bytes.readBigInt64BE(0));
  if (!Number.isSafeInteger(bodyLength) || bodyLength < 0) {
    throw new ProtocolError(`body length out of range: ${bytes.readBigInt64BE(0)}`);
  }
  return { bodyLength, code: bytes.readUInt8(8), status: bytes.readUInt8(9) };
}

/** Decodes the header of a response; anything but command 100 throws `ProtocolError`. */
export function decodeResponseHeader(bytes: Buffer): Header {
  const header = decodeHeader(bytes);
  if (header.code !== RESPONSE_CODE) {
    throw new ProtocolError(`response with command ${header.code} instead of ${RESPONSE_CODE}`);
  }
  return header;
}

/** Header of a response. A status other than 0 goes with a bodyLength of 0. */
export function encodeResponseHeader(status: number, bodyLength = 0): Buffer {
  return encodeHeader({ bodyLength, code: RESPONSE_CODE, status });
}

/**
 * The whole request, header included; for a content command all that stands before the content,
 * with the content counted in the header.
 */
export function encodeRequestMessage<Request>(
  command: RequestEncoder<Request>,
  request: Request,
): Buffer {
  const body = command.encodeRequest(request);
  const header = encodeHeader({
    bodyLength: body.length + (command.contentSizeOf?.(request) ?? 0),
    code: command.code,
    status: command.headerStatusOf?.(request) ?? 0,
  });
  return Buffer.concat([header, body]);
}

/** The whole successful response, header included. */
export function encodeResponseMessage<Response>(
  command: ResponseEncoder<Response>,
  response: Response,
  layout?: ResponseLayout,
): Buffer {
  const body = command.encodeResponse(response, layout);
  return Buffer.concat([encodeResponseHeader(0, body.length), body]);
}

/**
 * Cuts a stream of arbitrary chunks into messages. Pull style: push what came, then read until a
 * read answers null. A body is read whole (`readBody`) or in pieces as it comes (`readContent`),
 * and must be read to its end before the next header. Nothing is copied but what spans chunks.
 */
export class Framer {
  readonly #bodySizeBytesMax: number;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #bodyLeft = 0;

  constructor({ bodySizeBytesMax = BODY_SIZE_BYTES_MAX } = {}) {
    this.#bodySizeBytesMax = bodySizeBytesMax;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
  }

  /** Bytes of the present body that were not read yet, come or not. */
  get bodyLeft(): number {
    return this.#bodyLeft;
  }

  /** Bytes pushed and not read yet. */
  get buffered(): number {
    return this.#buffered;
  }

  /** True between messages with nothing left over: only then may a connection be used again. */
  get inStep(): boolean {
    return this.#bodyLeft === 0 && this.#buffered === 0;
  }

  /** The next header, or null until its 10 bytes are there. */
  readHeader(): Header | null {
    if (this.#bodyLeft > 0) {
      throw new ProtocolError(`next header asked for with ${this.#bodyLeft} bytes of body unread`);
    }
    if (this.#buffered < HEADER_SIZE) return null;
    const header = decodeHeader(this.#take(HEADER_SIZE));
    this.#bodyLeft = header.bodyLength;
    return header;
  }

  /**
   * Forgets the body that the header announced. For responses with a status other than 0, whose
   * bodyLength is not followed by a body; the connection must be closed if it was not 0.
   */
  expectNoBody(): void {
    this.#bodyLeft = 0;
  }

  /**
   * What is left of the body as one buffer, or null until all of it is there. Throws
   * `ProtocolError` at once, not after buffering, when it is longer than `bodySizeBytesMax`.
   */
  readBody(): Buffer | null {
    if (this.#bodyLeft > this.#bodySizeBytesMax) {
      throw new ProtocolError(
        `body of ${this.#bodyLeft} bytes, at most ${this.#bodySizeBytesMax} expected`,
      );
    }
    if (this.#buffered < this.#bodyLeft) return null;
    const body = this.#take(this.#bodyLeft);
    this.#bodyLeft = 0;
    return body;
  }

  /** The next bytes of the body as they came in, never beyond its end; null when none are there. */
  readContent(): Buffer | null {
    const first = this.#chunks[0];
    if (first === undefined || this.#bodyLeft === 0) return null;
    const piece = this.#take(Math.min(first.length, this.#bodyLeft));
    this.#bodyLeft -= piece.length;
    return piece;
  }

  /** Looks at up to `size` bytes of the body that are there, without reading them. */
  peekBody(size: number): Buffer {
    const wanted = Math.min(size, this.#bodyLeft, this.#buffered);
    const peeked = this.#take(wanted);
    if (wanted > 0) this.#chunks.unshift(peeked);
    this.#buffered += wanted;
    return peeked;
  }

  /** Drops `size` bytes of the body that were peeked at before. */
  skipBody(size: number): void {
    if (size > this.#bodyLeft || size > this.#buffered) {
      throw new ProtocolError(`cannot skip ${size} bytes of body`);
    }
    this.#take(size);
    this.#bodyLeft -= size;
  }

  /** Exactly `size` buffered bytes; the caller has checked that they are there. */
  #take(size: number): Buffer {
    this.#buffered -= size;
    const pieces: Buffer[] = [];
    let missing = size;
    for (const chunk of this.#chunks) {
      if (missing === 0) break;
      pieces.push(chunk.subarray(0, missing));
      missing -= Math.min(chunk.length, missing);
    }
    const last = this.#chunks[pieces.length - 1];
    const lastUsed = pieces.at(-1)?.length ?? 0;
    // One splice: a shift for each of many tiny chunks would take quadratic time.
    this.#chunks.splice(0, pieces.length);
    if (last && lastUsed < last.length) this.#chunks.unshift(last.subarray(lastUsed));
    const [only] = pieces;
    return pieces.length === 1 && only ? only : Buffer.concat(pieces, size);
  }
}
