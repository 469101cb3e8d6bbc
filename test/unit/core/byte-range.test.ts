import { describe, expect, it } from 'vitest';
import { parseRange } from '../../../src/core/byte-range.ts';

describe('Range headers', () => {
  it.each([
    ['bytes=0-9', { first: 0, last: 9 }],
    ['bytes=5-', { first: 5, last: null }],
    ['bytes=-5', { suffixSize: 5 }],
    ['bytes=-0', { suffixSize: 0 }],
    ['BYTES=0-0', { first: 0, last: 0 }],
    [' bytes=0-0 ', { first: 0, last: 0 }],
    ['bytes=0-9999999999999999999', { first: 0, last: 1e19 }],
  ])('%j is one range', (header, range) => {
    expect(parseRange(header)).toEqual(range);
  });

  it.each([
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=9-0',
    'bytes=0-1,3-4',
    'bytes=a-b',
    'bytes= 0-1',
    'bytes=--5',
    'bytes=1.5-3',
    'items=0-1',
    `bytes=0-${'9'.repeat(20)}`,
  ])('%j is ignored', (header) => {
    expect(parseRange(header)).toBeNull();
  });
});
