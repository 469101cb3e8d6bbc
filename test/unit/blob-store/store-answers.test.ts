import { expect, it } from 'vitest';
import { queryStoreWithoutGroupOne } from '../../../src/fastdfs/protocol/commands/query-store.ts';
import { at, type Bench, startBench } from './harness.ts';

const queriesOf = ({ tracker }: Bench) =>
  tracker.requests.filter((code) => code === queryStoreWithoutGroupOne.code).length;

const storeOne = ({ store }: Bench) =>
  store.storeBuffer(Buffer.from('x'), { signal: new AbortController().signal });

it('asks the tracker for each upload while few are under way', async () => {
  const bench = await startBench({ group1: 2 });
  for (let count = 0; count < 20; count++) await storeOne(bench);
  expect(queriesOf(bench)).toBe(20);
});

it('uses answers again while many uploads are under way, and keeps their balance', async () => {
  const bench = await startBench({ group1: 2, group2: 2 });
  let turn = 0;
  bench.tracker.intercept = () => {
    bench.tracker.named = at(bench.storages, turn++ % 4);
    return false;
  };
  const lane = async () => {
    for (let count = 0; count < 25; count++) await storeOne(bench);
  };
  await Promise.all(Array.from({ length: 32 }, lane));
  expect(queriesOf(bench)).toBeLessThan(400);
  const counts = bench.storages.map((storage) => storage.files.size);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(800);
  // An even share of 800 files is 200.
  for (const count of counts) expect(count).toBeGreaterThan(100);
});
