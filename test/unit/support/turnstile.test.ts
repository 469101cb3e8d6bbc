import { expect, it } from 'vitest';
import { Turnstile } from '../../../src/support/turnstile.ts';

it('lets so many in at a time, in the order in which they came, whatever becomes of them', async () => {
  const turnstile = new Turnstile(2);
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const runs = [0, 1, 2, 3].map((number) =>
    turnstile.run(async () => {
      started.push(number);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (number === 0) throw new Error('failed');
    }),
  );
  const first = expect(runs[0]).rejects.toThrow('failed');
  expect(started).toEqual([0, 1]);
  ends[0]?.();
  await first;
  expect(started).toEqual([0, 1, 2]);
  ends[1]?.();
  await runs[1];
  expect(started).toEqual([0, 1, 2, 3]);
  ends[2]?.();
  ends[3]?.();
  await Promise.all(runs.slice(1));
  await turnstile.run(async () => started.push(4));
  expect(started.at(-1)).toBe(4);
});
