import { Transform } from 'node:stream';
import { GatewayError } from '../../core/errors.ts';
import type { CoreServices } from '../../core/services.ts';
import type { SpooledContent } from '../../core/spool/spooled-content.ts';
import { OutboundError } from '../../outbound/outbound-error.ts';
import type { OutboundResponse } from '../../outbound/outbound-http.ts';
import { QiniuError } from '../errors.ts';
import type { FetchLimits } from '../operation.ts';

const redirectsMax = 5;
/** Kodo's status for a source that cannot be read; clients do not try again. */
const sourceFailed = 478;

export interface FetchedSource {
  /** Complete; whoever asked must release it. */
  readonly content: SpooledContent;
  /** As the source says; null where it does not. */
  readonly mediaType: string | null;
  /** Of the URL that answered in the end. */
  readonly path: string;
}

/**
 * All of what a URL gives. Throws 404 where the source has nothing there, 478 for anything else
 * that is wrong with it, 403 for addresses that the gateway does not talk to, 413, and what the
 * spool throws.
 */
export async function fetchSource(
  { outbound, spool }: Pick<CoreServices, 'outbound' | 'spool'>,
  url: string,
  { sizeBytesMax, timeoutMs }: FetchLimits,
  clientSignal: AbortSignal,
): Promise<FetchedSource> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([clientSignal, deadline]);
  const content = spool.create();
  try {
    const request = { method: 'GET', url, timeoutMs, signal, redirectsMax };
    const response = await outbound.request({
      ...request,
      headers: { 'accept-encoding': 'identity' },
    });
    checkAnswer(response, sizeBytesMax);
    const bounded = response.body.pipe(boundedTo(sizeBytesMax));
    // A pipe tells nobody when its source breaks.
    response.body.once('error', (error) => bounded.destroy(error));
    response.body.once('close', () => {
      if (!response.body.readableEnded) bounded.destroy(new Error('The answer broke off.'));
    });
    await content.fill(bounded, { signal }).finally(() => response.body.destroy());
    const { 'content-type': mediaType = null } = response.headers;
    return { content, mediaType, path: new URL(response.url).pathname };
  } catch (error) {
    content.release();
    clientSignal.throwIfAborted();
    throw toFetchError(error, deadline.aborted);
  }
}

/** Throws for what is no whole answer of the expected size; its body is let go then. */
function checkAnswer({ status, headers, body }: OutboundResponse, sizeBytesMax: number): void {
  const error = refusalOf(status, Number(headers['content-length'] ?? 0), sizeBytesMax);
  if (error === null) return;
  body.destroy();
  throw error;
}

function refusalOf(status: number, size: number, sizeBytesMax: number): QiniuError | null {
  if (status === 404) return new QiniuError(404, 'the source has no such file');
  if (status !== 200) return new QiniuError(sourceFailed, `the source answers ${status}`);
  return size > sizeBytesMax ? tooLarge(sizeBytesMax) : null;
}

function boundedTo(sizeBytesMax: number): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length;
      callback(size > sizeBytesMax ? tooLarge(sizeBytesMax) : null, chunk);
    },
  });
}

function tooLarge(sizeBytesMax: number): QiniuError {
  return new QiniuError(413, `the source has more than ${sizeBytesMax} bytes`);
}

function toFetchError(error: unknown, isLate: boolean): unknown {
  if (isLate) return new QiniuError(sourceFailed, 'the source is too slow');
  if (error instanceof QiniuError || error instanceof GatewayError) return error;
  if (!(error instanceof OutboundError)) {
    return new QiniuError(sourceFailed, 'the answer of the source broke off', { cause: error });
  }
  switch (error.reason) {
    case 'invalid-url':
      return new QiniuError(400, `invalid argument: ${error.message}`, { cause: error });
    case 'forbidden-address':
      return new QiniuError(403, error.message, { cause: error });
    default:
      return new QiniuError(sourceFailed, error.message, { cause: error });
  }
}
