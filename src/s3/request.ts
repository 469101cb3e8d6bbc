import { GatewayError } from '../core/errors.ts';
import { checkKey } from '../core/names.ts';
import { decodePercent, Query } from '../http/query.ts';

/** Which bucket and key a request names, and how. */
export interface RequestTarget {
  /** As received, without the query: what signatures cover. */
  readonly path: string;
  /** Null for the service itself. */
  readonly bucketName: string | null;
  /** True for virtual-host style: the path does not name the bucket. */
  readonly bucketInHost: boolean;
  readonly key: string | null;
  readonly query: Query;
}

/** Host names are compared without port, root dot and case. */
function normalizeHost(host: string): string {
  const withoutPort = host.startsWith('[')
    ? host.slice(0, host.indexOf(']') + 1)
    : host.replace(/:\d*$/, '');
  return withoutPort.replace(/\.$/, '').toLowerCase();
}

/**
 * The bucket that a virtual-host-style address names, null for path style: the longest of the
 * configured domains that `host` is below decides; the domain itself and every other host,
 * addresses included, are path style.
 */
export function bucketOfHost(host: string, domains: readonly string[]): string | null {
  if (domains.length === 0) return null;
  const name = normalizeHost(host);
  let bucketName: string | null = null;
  for (const domain of domains) {
    const suffix = `.${domain.toLowerCase()}`;
    if (name === suffix.slice(1)) return null;
    if (!name.endsWith(suffix) || name.length === suffix.length) continue;
    const candidate = name.slice(0, -suffix.length);
    if (bucketName === null || candidate.length < bucketName.length) bucketName = candidate;
  }
  return bucketName;
}

/** Splits `http://host/path` of a client that takes us for a proxy (RFC 9112, section 3.2.2). */
function splitAbsoluteTarget(target: string): { authority: string | null; origin: string } {
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/is.exec(target);
  if (!absolute) return { authority: null, origin: target };
  const origin = absolute[2] ?? '';
  return {
    authority: absolute[1] ?? '',
    origin: origin.startsWith('/') ? origin : `/${origin}`,
  };
}

/**
 * Reads the request target exactly as received: no dot segment is resolved, no slash merged, so
 * that keys such as `a/../b` and `a//b` stay what they are. Throws `InvalidURI`, `KeyTooLongError`
 * or `InvalidBucketName`.
 */
export function parseTarget(
  target: string,
  host: string | null,
  domains: readonly string[],
): RequestTarget {
  const { authority, origin } = splitAbsoluteTarget(target);
  if (!origin.startsWith('/') || origin.includes('#')) throw new GatewayError('InvalidURI');
  const question = origin.indexOf('?');
  const path = question === -1 ? origin : origin.slice(0, question);
  const query = Query.parse(question === -1 ? '' : origin.slice(question + 1));

  const hostBucket = bucketOfHost(authority ?? host ?? '', domains);
  if (hostBucket !== null) {
    const key = decodeKey(path.slice(1));
    return { path, bucketName: hostBucket, bucketInHost: true, key, query };
  }
  const bucketInHost = false;
  if (path === '/') return { path, bucketName: null, bucketInHost, key: null, query };
  const slash = path.indexOf('/', 1);
  const bucketName = decodePercent(slash === -1 ? path.slice(1) : path.slice(1, slash));
  if (bucketName === '') throw new GatewayError('InvalidBucketName', { BucketName: '' });
  const key = slash === -1 ? null : decodeKey(path.slice(slash + 1));
  return { path, bucketName, bucketInHost, key, query };
}

/** Null for an empty key: `/bucket/` is the bucket. */
function decodeKey(encoded: string): string | null {
  if (encoded === '') return null;
  const key = decodePercent(encoded);
  checkKey(key);
  return key;
}
