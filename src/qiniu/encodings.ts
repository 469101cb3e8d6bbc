/** Kodo's encodings of what stands in paths, tokens and forms. */

const urlSafeBase64 = /^[A-Za-z0-9_-]*={0,2}$/;

/** URL-safe base64 with padding, as all of Kodo writes it. */
export function encodeUrlSafe(content: string | Uint8Array): string {
  const base64 = Buffer.from(content).toString('base64');
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

/** With or without padding; null for what is no URL-safe base64. */
export function decodeUrlSafe(encoded: string): Buffer | null {
  if (!urlSafeBase64.test(encoded)) return null;
  const unpadded = encoded.replace(/=+$/, '');
  const isWhole = unpadded.length % 4 !== 1;
  const isPadded = unpadded.length === encoded.length || encoded.length % 4 === 0;
  return isWhole && isPadded ? Buffer.from(unpadded, 'base64url') : null;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Null for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** `decodeUrlSafe` of text; null for what is not that. */
export function decodeUrlSafeText(encoded: string): string | null {
  const bytes = decodeUrlSafe(encoded);
  return bytes && decodeUtf8(bytes);
}

/** A bucket, and a key of it where one is said; an empty key is one. */
export interface Entry {
  readonly bucketName: string;
  readonly key: string | null;
}

/** Names of buckets have no `:`, keys may. */
export function parseEntry(text: string): Entry {
  const colon = text.indexOf(':');
  if (colon < 0) return { bucketName: text, key: null };
  return { bucketName: text.slice(0, colon), key: text.slice(colon + 1) };
}

/** An EncodedEntryURI; null for what is none. */
export function decodeEntry(encoded: string): Entry | null {
  const text = decodeUrlSafeText(encoded);
  return text === null ? null : parseEntry(text);
}

export function encodeEntry(bucketName: string, key: string | null): string {
  return encodeUrlSafe(key === null ? bucketName : `${bucketName}:${key}`);
}
