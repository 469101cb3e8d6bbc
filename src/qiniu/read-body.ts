import { GatewayError } from '../core/errors.ts';
import type { BodyPaceLimits } from '../http/body-pace.ts';
import { BodyStream } from '../http/body-stream.ts';
import type { ContentDecoder } from '../http/content-decoder.ts';
import type { Exchange } from '../http/exchange.ts';

/** Takes what comes, with or without a declared length, up to a bound. */
class BoundedDecoder implements ContentDecoder {
  readonly #sizeBytesMax: number;
  #received = 0;

  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  write(bytes: Buffer, emit: (content: Buffer) => void): void {
    this.#received += bytes.length;
    if (this.#received > this.#sizeBytesMax) throw tooLarge(this.#sizeBytesMax);
    emit(bytes);
  }

  // Node's parser tells a body that ends before its declared length from one that is complete.
  end(): void {}
}

/**
 * All of a request's body, and `100 Continue` to a client that waits for it. Throws `EntityTooLarge`
 * above `sizeBytesMax`, `IncompleteBody` and `RequestTimeout`.
 */
export async function readBody(
  exchange: Exchange,
  sizeBytesMax: number,
  pace: BodyPaceLimits,
): Promise<Buffer> {
  const { headers } = exchange.incoming;
  const declared = headers['content-length'];
  if (headers['transfer-encoding'] === undefined && Number(declared ?? 0) === 0) {
    return Buffer.alloc(0);
  }
  if (Number(declared ?? 0) > sizeBytesMax) throw tooLarge(sizeBytesMax);
  const stream = openBody(exchange, sizeBytesMax, pace);
  const pieces: Buffer[] = [];
  for await (const piece of stream as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** A request's body as it comes; fails as `readBody` does. */
export function openBody(
  exchange: Exchange,
  sizeBytesMax: number,
  pace: BodyPaceLimits,
): BodyStream {
  const stream: BodyStream = new BodyStream(exchange.incoming, new BoundedDecoder(sizeBytesMax), {
    pace,
    onOpen: () => exchange.readBody(stream),
  });
  return stream;
}

function tooLarge(sizeBytesMax: number): GatewayError {
  return new GatewayError('EntityTooLarge', {
    message: `the request body is larger than ${sizeBytesMax} bytes`,
  });
}
