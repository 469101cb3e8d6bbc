import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type FaultyCluster,
  noteFigures,
  randomObject,
  startFaultyCluster,
} from '../../support/faulty-cluster.ts';

/** Within which everything works again when a tracker is back. */
const RECOVERY_MS = 5000;

let cluster: FaultyCluster;
beforeAll(async () => {
  cluster = await startFaultyCluster();
});
afterAll(() => cluster.close());

/** Without retries of the client. */
async function putAndGet(key: string): Promise<void> {
  const content = randomObject(10_000);
  await cluster.put(key, content, cluster.s3Once);
  expect(content.equals(await cluster.get(key, cluster.s3Once))).toBe(true);
}

async function putAndGetMany(prefix: string): Promise<void> {
  for (let number = 0; number < 20; number += 1) await putAndGet(`${prefix}/${number}`);
}

/** Milliseconds until a write and a read work; rejects when they do not in time. */
async function untilItWorks(key: string): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    try {
      await putAndGet(key);
      return performance.now() - startedAt;
    } catch (error) {
      if (performance.now() - startedAt > RECOVERY_MS) throw error;
    }
  }
}

it('goes on with one tracker, waits for both, and recovers by itself', async () => {
  const { control } = cluster;
  await putAndGetMany('with-both');

  await control.kill('t1');
  await putAndGetMany('without-t1');
  await control.start('t1');
  const afterFirst = await untilItWorks('t1-is-back');
  await control.kill('t2');
  await untilItWorks('t1-alone');
  await putAndGetMany('without-t2');

  await control.kill('t1');
  // Storage servers are known, so what is stored can be read without trackers.
  expect(await cluster.get('with-both/0', cluster.s3Once)).toHaveLength(10_000);
  await control.start('t1');
  const afterBoth = await untilItWorks('t1-is-back-again');
  await control.start('t2');
  await untilItWorks('both-are-back');
  await putAndGetMany('at-the-end');
  noteFigures('trackers', { afterFirst, afterBoth });
});
