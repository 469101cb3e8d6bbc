import { expect, it } from 'vitest';
import { Collector } from '../../../src/metrics/collector.ts';

const WAIT_MS = 60_000;

it('waits until it is up to date', async () => {
  let collected = 0;
  const collector = new Collector(async () => {
    await Promise.resolve();
    collected += 1;
  });
  await collector.refresh(WAIT_MS);
  await collector.refresh(WAIT_MS);
  expect(collected).toBe(2);
});

it('runs once for all who ask meanwhile, and lets nobody wait for what hangs', async () => {
  let started = 0;
  const collector = new Collector(() => {
    started += 1;
    return new Promise(() => {});
  });
  await Promise.all([collector.refresh(1), collector.refresh(1)]);
  await collector.refresh(1);
  expect(started).toBe(1);
});

it('runs again after a failure, which nobody sees', async () => {
  let started = 0;
  const collector = new Collector(async () => {
    started += 1;
    if (started === 1) throw new Error('the index is closed');
  }, WAIT_MS);
  await collector.refresh(WAIT_MS);
  await collector.refresh(WAIT_MS);
  expect(started).toBe(2);
});

it('what is costly runs once in its interval', async () => {
  let started = 0;
  const collector = new Collector(async () => {
    started += 1;
  }, WAIT_MS);
  await collector.refresh(WAIT_MS);
  await collector.refresh(WAIT_MS);
  expect(started).toBe(1);
});
