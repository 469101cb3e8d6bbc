import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RW_MODE_READ, RW_MODE_WRITE } from '../../../src/fastdfs/protocol/storage-status.ts';
import { isExternal, sizeOfRun } from '../../support/cluster/cluster-under-test.ts';
import {
  type FaultyCluster,
  noteFigures,
  randomObject,
  startFaultyCluster,
} from '../../support/faulty-cluster.ts';
import { metricTotal } from '../../support/gateway-metrics.ts';
import { inParallel } from '../../support/in-parallel.ts';

const objectCount = sizeOfRun('CLUSTER_FAULTS_OBJECTS', 150);

let cluster: FaultyCluster;
beforeAll(async () => {
  cluster = await startFaultyCluster({ replicationDelayMs: 1000 });
});
afterAll(() => cluster.close());

/** Puts objects and gets each at once; resolves with what went wrong. */
async function putAndGetAtOnce(prefix: string): Promise<string[]> {
  const problems: string[] = [];
  await inParallel(16, objectCount, async (number) => {
    const key = `${prefix}/${number}`;
    const content = randomObject(1 + (number % 5000));
    try {
      await cluster.put(key, content, cluster.s3Once);
      if (!content.equals(await cluster.get(key, cluster.s3Once))) problems.push(`${key} differs`);
    } catch (error) {
      problems.push(`${key}: ${error}`);
    }
  });
  return problems;
}

describe('a read at once after a write', () => {
  it('sees it while replicas lag', async () => {
    expect(await putAndGetAtOnce('plain')).toEqual([]);
  });

  it.skipIf(isExternal)('sees it when the replica is asked first', async () => {
    // Trackers say that one server of each group is for writes alone, and the other for reads.
    for (const storage of cluster.embedded?.storages ?? []) {
      storage.rwMode = storage.name.endsWith('s1') ? RW_MODE_WRITE : RW_MODE_READ;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const failoversBefore = await metricTotal(cluster.gateway, 'fastdfs_s3_failovers_total');
    expect(await putAndGetAtOnce('forced')).toEqual([]);
    const failovers =
      (await metricTotal(cluster.gateway, 'fastdfs_s3_failovers_total')) - failoversBefore;
    noteFigures('read-after-write', { objectCount, failovers });
    // The replica was asked in vain for most of them, or this showed nothing.
    expect(failovers).toBeGreaterThan(objectCount / 2);
  });
});
