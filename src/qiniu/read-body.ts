import type { BodyPaceLimits } from '../http/body-pace.ts';
import type { BodyStream } from '../http/body-stream.ts';
import { openBody as openBoundedBody } from '../http/bounded-body.ts';
import type { Exchange } from '../http/exchange.ts';

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
  const isEmpty = Number(headers['content-length'] ?? 0) === 0;
  if (headers['transfer-encoding'] === undefined && isEmpty) return Buffer.alloc(0);
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
  return openBoundedBody(exchange, { sizeBytesMax, pace });
}
