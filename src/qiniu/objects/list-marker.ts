import { decodeUrlSafeText, encodeUrlSafe } from '../encodings.ts';
import { QiniuError } from '../errors.ts';

/** The shape that Kodo's own markers have, which clients must not look into but do. */
export function renderMarker(after: string): string {
  return encodeUrlSafe(JSON.stringify({ c: 0, k: after }));
}

/** The key that a listing goes on behind; null for an empty marker. Throws 640. */
export function parseMarker(marker: string | null): string | null {
  if (marker === null || marker === '') return null;
  try {
    const { k } = JSON.parse(decodeUrlSafeText(marker) ?? '');
    if (typeof k === 'string' && !/\p{Surrogate}|\0/u.test(k)) return k;
  } catch {
    // Told below.
  }
  throw new QiniuError(640, 'invalid list marker');
}
