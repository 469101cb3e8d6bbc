/**
 * Keys order by their UTF-8 bytes, which is the order of their code points. JavaScript's `<`
 * compares UTF-16 units and puts U+10000 before U+E000: never use it on keys.
 */

/** Negative, 0 or positive, as `Array.sort` wants it. */
export function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

const CODE_POINT_MAX = 0x10ffff;
/** Surrogates are no characters: U+E000 follows U+D7FF. */
const BEFORE_SURROGATES = 0xd7ff;
const AFTER_SURROGATES = 0xe000;

/**
 * The smallest key that sorts after every key that starts with `prefix`; null when there is none,
 * that is when the prefix is empty or consists of U+10FFFF only.
 */
export function firstKeyAfterPrefix(prefix: string): string | null {
  const codePoints = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  let last = codePoints.pop();
  while (last === CODE_POINT_MAX) last = codePoints.pop();
  if (last === undefined) return null;
  codePoints.push(last === BEFORE_SURROGATES ? AFTER_SURROGATES : last + 1);
  return codePoints.map((codePoint) => String.fromCodePoint(codePoint)).join('');
}

/**
 * What S3 groups the key under: all of it up to the end of the first delimiter behind the prefix.
 * Null when the key has no delimiter there. The key must start with the prefix.
 */
export function commonPrefixOf(key: string, prefix: string, delimiter: string): string | null {
  if (delimiter === '') return null;
  const index = key.indexOf(delimiter, prefix.length);
  return index === -1 ? null : key.slice(0, index + delimiter.length);
}
