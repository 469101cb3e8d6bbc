import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { QueryParameter } from '../../http/query.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';

/**
 * Signature Version 4, the pure part.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export const signatureAlgorithm = 'AWS4-HMAC-SHA256';
export const emptySha256Hex = sha256Hex('');

/** What a credential says besides the access key: where and when the signature is good. */
export interface CredentialScope {
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
}

export function renderScope(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/s3/aws4_request`;
}

export function sha256Hex(data: string | Buffer): string {
  // Text here is octets, one character each: header values arrive as latin1.
  return hash('sha256', typeof data === 'string' ? Buffer.from(data, 'latin1') : data, 'hex');
}

export function hmacSha256(key: Buffer | string, data: string): Buffer {
  return createHmac('sha256', key).update(data, 'latin1').digest();
}

/** Percent-encodes as AWS's UriEncode does: all but letters, digits, `-`, `.`, `_` and `~`. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalQuery(parameters: readonly QueryParameter[]): string {
  return parameters
    .filter((parameter) => parameter.name !== 'X-Amz-Signature')
    .map(({ name, value }) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => {
      // Encoded text is ASCII, so the order of code units is the order of bytes.
      if (nameA !== nameB) return nameA < nameB ? -1 : 1;
      return valueA < valueB ? -1 : valueA > valueB ? 1 : 0;
    })
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Trimmed, runs of spaces as one. `\s` would also match 0xA0, half of many UTF-8 characters. */
function canonicalHeaderValue(value: string): string {
  return value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '');
}

export interface CanonicalParts {
  readonly method: string;
  /** As received, or re-encoded: the caller decides. */
  readonly path: string;
  readonly query: readonly QueryParameter[];
  readonly headers: RequestHeaders;
  /** Lower-case names in the order of the claim. */
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
}

export function canonicalRequest(parts: CanonicalParts): string {
  const headerLines = parts.signedHeaders.map(
    (name) => `${name}:${canonicalHeaderValue(parts.headers.get(name) ?? '')}\n`,
  );
  return [
    parts.method,
    parts.path,
    canonicalQuery(parts.query),
    headerLines.join(''),
    parts.signedHeaders.join(';'),
    parts.payloadHash,
  ].join('\n');
}

/** `timestamp` is `YYYYMMDD'T'HHMMSS'Z'`. */
export function stringToSign(timestamp: string, scope: CredentialScope, canonical: string): string {
  return `${signatureAlgorithm}\n${timestamp}\n${renderScope(scope)}\n${sha256Hex(canonical)}`;
}

export function deriveSigningKey(secret: string, scope: CredentialScope): Buffer {
  const dateKey = createHmac('sha256', `AWS4${secret}`).update(scope.date).digest();
  const regionKey = hmacSha256(dateKey, scope.region);
  return hmacSha256(hmacSha256(regionKey, 's3'), 'aws4_request');
}

/** Compares hex signatures in constant time; false at once for other lengths. */
export function signaturesEqual(expected: string, provided: string): boolean {
  const expectedBytes = Buffer.from(expected, 'latin1');
  const providedBytes = Buffer.from(provided, 'latin1');
  return (
    expectedBytes.length === providedBytes.length && timingSafeEqual(expectedBytes, providedBytes)
  );
}

const signingKeysMax = 1000;

/** Signing keys by access key, day and region: four HMACs saved on every request. */
export class SigningKeyCache {
  readonly #entries = new Map<string, { readonly secret: string; readonly key: Buffer }>();

  get(accessKeyId: string, secret: string, scope: CredentialScope): Buffer {
    const name = `${scope.date}/${scope.region}/${accessKeyId}`;
    const cached = this.#entries.get(name);
    // A key that was given a new secret must not be verified with the old one.
    if (cached?.secret === secret) return cached.key;
    const key = deriveSigningKey(secret, scope);
    this.#entries.delete(name);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < signingKeysMax) break;
      this.#entries.delete(oldest);
    }
    this.#entries.set(name, { secret, key });
    return key;
  }
}
