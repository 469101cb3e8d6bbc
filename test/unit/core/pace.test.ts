import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pace } from '../../../src/core/pace.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const signal = new AbortController().signal;

it('lets tasks begin one after the other', async () => {
  const pace = new Pace(100);
  let begun = 0;
  for (let task = 0; task < 3; task += 1) {
    void pace.next(signal).then(() => {
      begun += 1;
    });
  }
  await Promise.resolve();
  expect(begun).toBe(1);
  await vi.waitFor(() => expect(begun).toBe(3));
});

it('makes what costs more wait longer for the next one', async () => {
  const pace = new Pace(1000);
  await pace.next(signal, 10_000);
  const controller = new AbortController();
  const second = pace.next(controller.signal);
  vi.advanceTimersByTime(9_000);
  controller.abort();
  await expect(second).rejects.toThrow('aborted');
  vi.advanceTimersByTime(1_000);
  await pace.next(signal);
});

it('does not save up turns that nobody took', async () => {
  const pace = new Pace(1);
  await pace.next(signal);
  vi.advanceTimersByTime(10_000);
  await pace.next(signal);
  const controller = new AbortController();
  const third = pace.next(controller.signal);
  controller.abort();
  await expect(third).rejects.toThrow('aborted');
});

it('does not begin a task that is given up', async () => {
  const controller = new AbortController();
  controller.abort(new Error('given up'));
  await expect(new Pace(1).next(controller.signal)).rejects.toThrow('given up');
});
