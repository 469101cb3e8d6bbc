import { expect, it } from 'vitest';
import { fileTypeOf, storageClassOf } from '../../../../src/core/kodo/storage-types.ts';

it.each([
  [null, 0],
  ['STANDARD', 0],
  ['REDUCED_REDUNDANCY', 0],
  ['STANDARD_IA', 1],
  ['ONEZONE_IA', 1],
  ['GLACIER', 2],
  ['DEEP_ARCHIVE', 3],
  ['GLACIER_IR', 4],
  ['INTELLIGENT_TIERING', 5],
])('%s is type %i', (storageClass, type) => {
  expect(fileTypeOf(storageClass, {}, 0)).toBe(type);
});

it('every type has one storage class, which has that type', () => {
  for (const type of [0, 1, 2, 3, 4, 5]) {
    expect(fileTypeOf(storageClassOf(type), {}, 0)).toBe(type);
  }
  expect(storageClassOf(6)).toBeNull();
});

it('transitions count when they are due, and never make an object warmer', () => {
  const transitions = { STANDARD_IA: 10, DEEP_ARCHIVE: 30 };
  const typeAt = (storageClass: string | null, nowMs: number) =>
    fileTypeOf(storageClass, { transitions }, nowMs);
  expect([9, 10, 29, 30].map((nowMs) => typeAt(null, nowMs))).toEqual([0, 1, 1, 3]);
  expect(typeAt('GLACIER', 10)).toBe(2);
  expect(typeAt('GLACIER', 30)).toBe(3);
});
