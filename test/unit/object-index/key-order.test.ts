import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commonPrefixOf,
  compareKeys,
  firstKeyAfterPrefix,
} from '../../../src/object-index/key-order.ts';

const keys = fc.string({ unit: 'binary', maxLength: 6 });

describe('compareKeys', () => {
  it('puts U+E000 and U+FFFF before U+10000, unlike UTF-16', () => {
    expect(['\u{10000}', '\uffff', '\ue000', '\ud7ff'].sort(compareKeys)).toEqual([
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
    ]);
  });
});

describe('firstKeyAfterPrefix', () => {
  it.each([
    ['a', 'b'],
    ['a/', 'a0'],
    ['a\0', 'a\u0001'],
    ['\u007f', '\u0080'],
    ['\ud7ff', '\ue000'],
    ['a\uffff', 'a\u{10000}'],
    ['a\u{10ffff}', 'b'],
    ['a\u{10ffff}\u{10ffff}', 'b'],
    ['\ud7ff\u{10ffff}', '\ue000'],
  ])('after %j comes %j', (prefix, first) => {
    expect(firstKeyAfterPrefix(prefix)).toBe(first);
  });

  it.each(['', '\u{10ffff}', '\u{10ffff}\u{10ffff}'])('nothing comes after %j', (prefix) => {
    expect(firstKeyAfterPrefix(prefix)).toBeNull();
  });

  it('separates the keys that start with the prefix from all that follow', () => {
    fc.assert(
      fc.property(keys, keys, (prefix, key) => {
        const first = firstKeyAfterPrefix(prefix);
        const isBeyond = first !== null && compareKeys(key, first) >= 0;
        const isBefore = compareKeys(key, prefix) < 0;
        expect(key.startsWith(prefix)).toBe(!isBeyond && !isBefore);
      }),
    );
  });
});

describe('commonPrefixOf', () => {
  it.each([
    ['photos/2026/a.jpg', '', '/', 'photos/'],
    ['photos/2026/a.jpg', 'photos/', '/', 'photos/2026/'],
    ['photos/a.jpg', 'photos/', '/', null],
    ['photos//a.jpg', 'photos/', '/', 'photos//'],
    ['photos/', 'photos', '/', 'photos/'],
    ['a--b--c', '', '--', 'a--'],
    ['a--b--c', 'a-', '--', 'a--b--'],
    ['abc', '', '', null],
  ])('%j with prefix %j and delimiter %j is under %j', (key, prefix, delimiter, expected) => {
    expect(commonPrefixOf(key, prefix, delimiter)).toBe(expected);
  });
});
