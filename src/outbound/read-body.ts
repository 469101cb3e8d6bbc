import { OutboundError } from './outbound-error.ts';
import type { OutboundResponse } from './outbound-http.ts';

const bodyTimeoutDefaultMs = 30_000;

/**
 * All of a body, of at most `sizeBytesMax` bytes, which must come within `timeoutMs` (30 s when
 * left out) however steadily it drips. Throws `OutboundError`; the connection is let go.
 */
export async function readBody(
  { body, url, headers }: OutboundResponse,
  sizeBytesMax: number,
  timeoutMs = bodyTimeoutDefaultMs,
): Promise<Buffer> {
  const tooLarge = new OutboundError(
    'too-large',
    `${new URL(url).host} answers more than ${sizeBytesMax} bytes.`,
  );
  const late = new OutboundError('timeout', `The answer took more than ${timeoutMs} ms.`);
  const timer = setTimeout(() => body.destroy(late), timeoutMs);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    if (Number(headers['content-length'] ?? 0) > sizeBytesMax) throw tooLarge;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > sizeBytesMax) throw tooLarge;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    if (cause instanceof OutboundError) throw cause;
    throw new OutboundError('unreachable', 'The answer broke off.', { cause });
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}
