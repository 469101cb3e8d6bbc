import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';

/** What is sent to one server. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer | null;
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Headers that tell nothing of the caller; everything else may be a credential. */
const harmlessHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'user-agent',
]);

/**
 * Where an answer sends on to; null when it does not. Another origin gets none of the headers that
 * may be meant for the first one only. A method that is changed to GET loses its body (RFC 9110,
 * section 15.4). Throws TypeError for a Location that is no URL.
 */
export function nextHop(hop: Hop, status: number, headers: IncomingHttpHeaders): Hop | null {
  const { location } = headers;
  if (!redirectStatuses.has(status) || location === undefined) return null;
  const url = new URL(location, hop.url);
  const isSameOrigin = url.origin === hop.url.origin;
  const becomesGet =
    (status === 303 && hop.method !== 'HEAD') || (status < 303 && hop.method === 'POST');
  const kept = Object.entries(hop.headers).filter(([name]) => {
    if (becomesGet && /^content-/.test(name)) return false;
    // It names the server that was asked first, unless the caller is asked again there.
    return isSameOrigin ? true : harmlessHeaders.has(name);
  });
  return {
    method: becomesGet ? 'GET' : hop.method,
    url,
    headers: Object.fromEntries(kept),
    body: becomesGet ? null : hop.body,
  };
}
