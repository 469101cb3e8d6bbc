import { expect, it } from 'vitest';
import { inSlices } from '../../../src/support/slices.ts';

async function slicesOf<T extends string | readonly unknown[]>(whole: T, length: number) {
  const slices: T[] = [];
  for await (const slice of inSlices(whole, length)) slices.push(slice);
  return slices;
}

it('gives all of a list or a text, in order', async () => {
  expect(await slicesOf([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(await slicesOf('abcd', 2)).toEqual(['ab', 'cd']);
  expect(await slicesOf([], 2)).toEqual([]);
});

it('lets others have a turn between two pieces', async () => {
  const order: string[] = [];
  for await (const slice of inSlices('ab', 1)) {
    order.push(slice);
    setImmediate(() => order.push(`after ${slice}`));
  }
  expect(order).toEqual(['a', 'after a', 'b']);
});
