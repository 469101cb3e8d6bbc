import fc from 'fast-check';
import { compareKeys } from '../../src/object-index/key-order.ts';

export interface ListingRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string;
  readonly limit: number;
}

/** What a page must be, worked out from all keys: group, drop what does not sort after, cut. */
export function expectedPage(
  keys: readonly string[],
  { prefix, delimiter, after, limit }: ListingRequest,
) {
  const entries = new Map<string, 'object' | 'commonPrefix'>();
  for (const key of keys) {
    if (!key.startsWith(prefix)) continue;
    const index = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (index === -1) entries.set(key, 'object');
    else entries.set(key.slice(0, index + delimiter.length), 'commonPrefix');
  }
  const following = [...entries.keys()]
    .filter((entry) => after === '' || compareKeys(entry, after) > 0)
    .sort(compareKeys);
  const page = following.slice(0, limit);
  return {
    keys: page.filter((entry) => entries.get(entry) === 'object'),
    commonPrefixes: page.filter((entry) => entries.get(entry) === 'commonPrefix'),
    nextAfter: following.length > limit ? (page.at(-1) ?? null) : null,
  };
}

/** All entries of a listing in order. */
export function expectedEntries(
  keys: readonly string[],
  listing: Omit<ListingRequest, 'limit'>,
): string[] {
  const page = expectedPage(keys, { ...listing, limit: Number.POSITIVE_INFINITY });
  return [...page.keys, ...page.commonPrefixes].sort(compareKeys);
}

/**
 * Few characters, so that prefixes and delimiters hit. The odd ones are where the orders of UTF-8
 * and UTF-16 differ, where surrogates leave a gap, and where nothing follows.
 */
const unit = fc.constantFrom(
  ...['a', 'b', '/', '/', '-', '\u0001', 'é', '\ud7ff', '\ue000', '\uffff'],
  ...['\u{10000}', '\u{1f600}', '\u{10ffff}'],
);
/** Any code point of any plane but U+0000, which is refused at the edges. */
const anyUnit = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 1 })
  .map((character) => (character === '\0' ? 'a' : character));

export const text = (maxLength: number) =>
  fc
    .array(fc.oneof({ weight: 9, arbitrary: unit }, anyUnit), { maxLength })
    .map((units) => units.join(''));

export const keysOf = (maxLength: number) =>
  fc.uniqueArray(
    text(8).filter((key) => key !== ''),
    { maxLength },
  );

/** Markers are any text, or a key or the beginning of one. */
export const markerOf = (keys: readonly string[]) =>
  fc.oneof(
    text(5),
    fc.tuple(fc.nat(), fc.nat(9)).map(([number, length]) => {
      const characters = Array.from(keys[number % keys.length] ?? '');
      return characters.slice(0, length).join('');
    }),
  );

/** Keys and listings of them. */
export const keysAndListings = fc.oneof(keysOf(60), keysOf(6)).chain((keys) =>
  fc.record({
    keys: fc.constant(keys),
    listings: fc.array(
      fc.record({
        prefix: fc.oneof(text(3), markerOf(keys)),
        delimiter: text(2),
        after: markerOf(keys),
        limit: fc.oneof(fc.nat(12), fc.constant(1000)),
      }),
      { minLength: 1, maxLength: 30 },
    ),
  }),
);
