import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { WholeFileCheck } from '../../../src/blob-store/whole-file-check.ts';

const one = { host: '10.0.0.1', port: 23_000 };
const other = { host: '10.0.0.2', port: 23_000 };
const content = randomBytes(1000);

/** Takes the bytes in chunks, handing on each that is right; returns the last verdict. */
function takeAll(check: WholeFileCheck, bytes: Buffer, chunkSize: number): string {
  let verdict = 'right';
  for (let start = 0; start < bytes.length && verdict === 'right'; start += chunkSize) {
    verdict = check.take(bytes.subarray(start, start + chunkSize), one);
    if (verdict === 'right') check.handOn();
  }
  return verdict;
}

function flipped(position: number): Buffer {
  const bytes = Buffer.from(content);
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  return bytes;
}

describe('the bytes of a whole file', () => {
  it.each([1, 7, 999, 1000, 5000])('are right in chunks of %i', (chunkSize) => {
    const check = new WholeFileCheck(content.length, crc32(content));
    expect(takeAll(check, content, chunkSize)).toBe('right');
  });

  it.each([0, 500, 999])('are damaged at %i, which shows with the last chunk', (position) => {
    const check = new WholeFileCheck(content.length, crc32(content));
    expect(takeAll(check, flipped(position), 100)).toBe('damaged');
  });

  it.each([
    [100, 100],
    [100, 70],
    [1, 3],
    [300, 1000],
  ])('come again after damage in the last of chunks of %i, then of %i', (first, second) => {
    const check = new WholeFileCheck(content.length, crc32(content));
    expect(takeAll(check, flipped(999), first)).toBe('damaged');
    check.startOver();
    expect(takeAll(check, content, second)).toBe('right');
  });

  it('do not come again when wrong ones were handed on', () => {
    const check = new WholeFileCheck(content.length, crc32(content));
    expect(takeAll(check, flipped(250), 100)).toBe('damaged');
    check.startOver();
    expect(takeAll(check, content, 170)).toBe('different');
  });

  it('come again after wrong ones were handed on and taken back', () => {
    const check = new WholeFileCheck(content.length, crc32(content));
    expect(takeAll(check, flipped(250), 100)).toBe('damaged');
    check.takeBack();
    check.startOver();
    expect(takeAll(check, content, 170)).toBe('right');
  });
});

it('knows who gave the bytes since the start of the file', () => {
  const check = new WholeFileCheck(content.length, crc32(content));
  check.take(content.subarray(0, 10), one);
  check.take(content.subarray(10, 20), one);
  expect(check.onlyGiver).toBe(one);
  check.take(content.subarray(20, 30), other);
  check.take(content.subarray(30, 40), { ...one });
  expect(check.onlyGiver).toBeNull();
  expect(check.givers).toEqual([one, other]);
  check.startOver();
  expect(check.givers).toEqual([]);
});
