import { createHash } from 'node:crypto';
import { addAbortSignal, type Readable } from 'node:stream';
import { OutboundError } from '../../outbound/outbound-error.ts';
import { GatewayError } from '../errors.ts';
import { RunningQetag } from '../qetag.ts';
import type { SpooledContent } from '../spool/spooled-content.ts';
import { OriginError, type OriginHead } from './origin.ts';
import { originFailure } from './origin-failure.ts';

/** Kodo's hash of content in parts of other sizes cannot be computed from the content. */
const computableQetag = /^[Fl][A-Za-z0-9_-]{27}$/;

/**
 * Fills the spool with an origin's body and compares it with what the origin said. Gives the MD5.
 * The last chunk is held back until all is verified, so that no reader, the one that stores
 * included, ever gets all bytes of an altered body. Throws what readers get, too.
 */
export async function fillFromOrigin(
  spooled: SpooledContent,
  { head, body }: { readonly head: OriginHead; readonly body: Readable },
  { sizeBytesMax, signal }: { readonly sizeBytesMax: number; readonly signal: AbortSignal },
): Promise<Buffer> {
  try {
    addAbortSignal(signal, body);
    const md5 = createHash('md5');
    const qetag = computableQetag.test(head.qetag ?? '') ? new RunningQetag() : null;
    let size = 0;
    let held: Buffer | null = null;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (chunk.length === 0) continue;
      size += chunk.length;
      if (size > sizeBytesMax) throw tooLarge(sizeBytesMax);
      if (head.size !== null && size > head.size) throw altered(`more than ${head.size} bytes`);
      md5.update(chunk);
      qetag?.update(chunk);
      if (held) await spooled.write(held);
      held = chunk;
    }
    if (head.size !== null && size < head.size) throw altered(`${size} of ${head.size} bytes`);
    const digest = md5.digest();
    if (head.md5 && !head.md5.equals(digest)) throw altered('bytes with another MD5');
    if (qetag && qetag.digest() !== head.qetag) throw altered('bytes with another hash');
    if (held) await spooled.write(held);
    spooled.end();
    return digest;
  } catch (error) {
    const failure = originFailure(brokenOff(error)) as Error;
    spooled.fail(failure);
    throw failure;
  } finally {
    body.destroy();
  }
}

/** Throws `OriginError` for an object that is announced as larger than that. */
export function checkOriginSize({ size }: OriginHead, sizeBytesMax: number): void {
  if (size !== null && size > sizeBytesMax) throw tooLarge(sizeBytesMax);
}

function tooLarge(sizeBytesMax: number): OriginError {
  return new OriginError('too-large', `The object has more than ${sizeBytesMax} bytes.`);
}

function altered(what: string): OriginError {
  return new OriginError('altered', `The origin sent ${what}.`);
}

/** Bodies fail with what their connection failed with. */
function brokenOff(error: unknown): unknown {
  if (error instanceof OriginError || error instanceof GatewayError) return error;
  const reason = error instanceof OutboundError && error.reason === 'timeout' ? 'timeout' : null;
  const { message } = error as Error;
  return new OriginError(reason ?? 'unreachable', `The body broke off: ${message}`, {
    cause: error,
  });
}
