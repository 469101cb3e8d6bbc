import { checkKey } from '../core/names.ts';
import { decodeEntry, decodeUrlSafeText, type Entry } from './encodings.ts';
import { QiniuError } from './errors.ts';

/** Names an object; the empty string is a key. */
export interface ObjectEntry {
  readonly bucketName: string;
  readonly key: string;
}

/** An EncodedEntryURI, with or without a key. Throws 400. */
export function entryOf(encoded: string): Entry {
  const entry = decodeEntry(encoded);
  if (entry === null) throw new QiniuError(400, 'invalid argument: bad entry');
  if (entry.key !== null) checkKey(entry.key);
  return entry;
}

/** An EncodedEntryURI that names an object. Throws 400. */
export function objectEntryOf(encoded: string): ObjectEntry {
  const { bucketName, key } = entryOf(encoded);
  if (key === null) throw new QiniuError(400, 'invalid argument: the entry names no key');
  return { bucketName, key };
}

/** The text of a base64 argument. Throws 400. */
export function textOf(encoded: string): string {
  const text = decodeUrlSafeText(encoded);
  if (text === null) throw new QiniuError(400, 'invalid argument: bad base64');
  return text;
}

/**
 * Arguments that come as `/name/value` behind the others, in any order; the first of repeated names
 * counts. Throws 400 for a name without a value.
 */
export function pairsOf(segments: readonly string[]): ReadonlyMap<string, string> {
  if (segments.length % 2 === 1) throw new QiniuError(400, 'invalid argument');
  const pairs = new Map<string, string>();
  for (let index = 0; index + 1 < segments.length; index += 2) {
    const name = segments[index] ?? '';
    if (!pairs.has(name)) pairs.set(name, segments[index + 1] ?? '');
  }
  return pairs;
}
