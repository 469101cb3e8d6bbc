import { expect, it } from 'vitest';
import { Closers } from '../../../src/support/closers.ts';

it('closes in the opposite order, one after the other, once', async () => {
  const closed: string[] = [];
  const closers = new Closers();
  closers.add(() => closed.push('first opened'));
  closers.add(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    closed.push('last opened');
  });
  await closers.closeAll();
  await closers.closeAll();
  expect(closed).toEqual(['last opened', 'first opened']);
});

it('closes the rest when one fails, and tells the first failure', async () => {
  const closed: string[] = [];
  const closers = new Closers();
  closers.add(() => closed.push('a'));
  closers.add(() => Promise.reject(new Error('second')));
  closers.add(() => {
    throw new Error('first');
  });
  await expect(closers.closeAll()).rejects.toThrow('first');
  expect(closed).toEqual(['a']);
});
