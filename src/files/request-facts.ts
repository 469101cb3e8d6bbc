import type { RequestFacts } from '../core/access/access.ts';
import type { Exchange } from '../http/exchange.ts';
import type { RequestHeaders } from '../http/request-headers.ts';

/**
 * What policies may ask of a request at this door. S3's headers and parameters do nothing here: a
 * policy that demands one of them must not take the word for it.
 */
export function requestFacts(
  { origin }: Pick<Exchange, 'origin'>,
  headers: RequestHeaders,
  nowMs: number,
): RequestFacts {
  return {
    sourceIp: origin.address,
    isSecure: origin.isSecure,
    nowMs,
    headers: { get: (name) => (name.startsWith('x-amz-') ? null : headers.get(name)) },
    query: { get: () => null },
  };
}
