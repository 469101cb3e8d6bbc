import { expect, it } from 'vitest';
import { settleAll } from '../../../src/support/settle-all.ts';

it('gives the values in order', async () => {
  expect(await settleAll([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
  expect(await settleAll([])).toEqual([]);
});

it('rejects when the last task has ended, with the first failure in order', async () => {
  let isOver = false;
  const slow = new Promise<never>((_, reject) => {
    setImmediate(() => {
      isOver = true;
      reject(new Error('slow'));
    });
  });
  await expect(settleAll([slow, Promise.reject(new Error('quick'))])).rejects.toThrow('slow');
  expect(isOver).toBe(true);
});
