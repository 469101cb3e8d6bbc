import { GatewayError } from '../core/errors.ts';
import type { BodyPaceLimits } from './body-pace.ts';
import { BodyStream } from './body-stream.ts';
import { type ContentDecoder, PlainDecoder } from './content-decoder.ts';
import type { Exchange } from './exchange.ts';

/** Content that ends where its framing does (HTTP's chunks), up to a size. */
class BoundedDecoder implements ContentDecoder {
  readonly #sizeBytesMax: number;
  #received = 0;

  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  write(bytes: Buffer, emit: (content: Buffer) => void): void {
    this.#received += bytes.length;
    if (this.#received > this.#sizeBytesMax) throw tooLarge(this.#received, this.#sizeBytesMax);
    emit(bytes);
  }

  /** Node tells of a body that was cut off by closing the request. */
  end(): void {}
}

/**
 * The body of a request, however its length is told: by `Content-Length` or by HTTP's chunks. A
 * client that waits for `100 Continue` gets it when the first byte is read. Throws `EntityTooLarge`,
 * which the stream fails with where the length is not told before, and `InvalidArgument`.
 */
export function openBody(
  exchange: Exchange,
  { pace, sizeBytesMax }: { readonly pace: BodyPaceLimits; readonly sizeBytesMax: number },
): BodyStream {
  const { headers } = exchange.incoming;
  const isChunked = headers['transfer-encoding'] !== undefined;
  const decoder = isChunked
    ? new BoundedDecoder(sizeBytesMax)
    : new PlainDecoder(declaredSize(headers['content-length'], sizeBytesMax));
  const stream: BodyStream = new BodyStream(exchange.incoming, decoder, {
    pace,
    onOpen: () => exchange.readBody(stream),
  });
  return stream;
}

/** A request without either header has no body (RFC 9112, section 6.3). */
function declaredSize(text: string | undefined, sizeBytesMax: number): number {
  if (text === undefined) return 0;
  const size = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(size)) {
    const message = 'The declared length is not a number.';
    throw new GatewayError('InvalidArgument', { message });
  }
  if (size > sizeBytesMax) throw tooLarge(size, sizeBytesMax);
  return size;
}

function tooLarge(size: number, sizeBytesMax: number): GatewayError {
  const message = `The request body is larger than ${sizeBytesMax} bytes.`;
  const facts = { message, ProposedSize: size, MaxSizeAllowed: sizeBytesMax };
  return new GatewayError('EntityTooLarge', facts);
}
