import { describe, expect, it } from 'vitest';
import { contentRange, resolveRanges } from '../../../../src/files/read/ranges.ts';

describe('ranges of 1000 bytes', () => {
  it.each([
    ['bytes=0-0', [{ start: 0, size: 1 }]],
    ['bytes=0-99', [{ start: 0, size: 100 }]],
    ['bytes=100-', [{ start: 100, size: 900 }]],
    ['bytes=-100', [{ start: 900, size: 100 }]],
    ['bytes=-2000', [{ start: 0, size: 1000 }]],
    ['bytes=990-5000', [{ start: 990, size: 10 }]],
    ['Bytes = 0-1', [{ start: 0, size: 2 }]],
    [
      'bytes=0-1, 10-11 ,,-1',
      [
        { start: 0, size: 2 },
        { start: 10, size: 2 },
        { start: 999, size: 1 },
      ],
    ],
    ['bytes=0-1,2000-', [{ start: 0, size: 2 }]],
    ['bytes=999-99999999999999999999999', [{ start: 999, size: 1 }]],
  ])('%s', (header, ranges) => {
    expect(resolveRanges(header, 1000)).toEqual(ranges);
  });

  it.each(['bytes=1000-', 'bytes=1000-1001', 'bytes=-0', 'bytes=2000-,3000-'])(
    '%s are none that there are',
    (header) => {
      expect(resolveRanges(header, 1000)).toBe('none');
    },
  );

  it.each([
    [null],
    [''],
    ['bytes'],
    ['bytes='],
    ['bytes=,'],
    ['bytes=5-2'],
    ['bytes=abc'],
    ['bytes=0-1,x'],
    ['bytes=0-1 2-3'],
    ['bytes=--1'],
    ['items=0-1'],
    [`bytes=${Array.from({ length: 17 }, (_, i) => `${i}-${i}`).join(',')}`],
    ['bytes=0-,0-,0-'],
  ])('%s is ignored', (header) => {
    expect(resolveRanges(header, 1000)).toBe('all');
  });
});

it('an empty file has no range', () => {
  expect(resolveRanges('bytes=0-', 0)).toBe('none');
  expect(resolveRanges('bytes=-5', 0)).toBe('none');
});

it('Content-Range counts from 0 to the last byte', () => {
  expect(contentRange({ start: 10, size: 5 }, 100)).toBe('bytes 10-14/100');
});
