import { setTimeout as sleep } from 'node:timers/promises';
import type { S3ServiceException } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isExternal, sizeOfRun } from '../../support/cluster/cluster-under-test.ts';
import { newFilesOf, sourceNodeOf, untilReplicated } from '../../support/cluster/disks.ts';
import { waitUntilActive } from '../../support/cluster/wait-until-active.ts';
import { storagesOf, trackersOf } from '../../support/cluster-control.ts';
import {
  type FaultyCluster,
  noteFigures,
  randomObject,
  startFaultyCluster,
} from '../../support/faulty-cluster.ts';

const rounds = sizeOfRun('CLUSTER_FAULTS_ROUNDS', 4);

let cluster: FaultyCluster;
beforeAll(async () => {
  cluster = await startFaultyCluster(
    // An answer that did not wait would come long before the replica.
    { replicationDelayMs: 400 },
    { GATEWAY_MIN_REPLICAS: '2', GATEWAY_REPLICA_WAIT: '5s' },
  );
});
afterAll(() => cluster.close());

describe('with two replicas demanded', () => {
  it('nothing is lost when the server that took an object is wiped after the answer', async () => {
    const { control } = cluster;
    const contents = new Map<string, Buffer>();
    const lost: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const key = `round-${round}`;
      const content = randomObject(2000 + round);
      const [fileId = ''] = await newFilesOf(cluster, () =>
        cluster.put(key, content, cluster.s3Once),
      );
      const { name } = sourceNodeOf(cluster, fileId);
      await control.kill(name);
      await control.wipe(name);
      contents.set(key, content);
      const found = await cluster.get(key).catch(() => null);
      if (!found?.equals(content)) lost.push(`${key}, wiped ${name}`);
      // A real server gets back only what its peer's change log on disk names by then.
      if (isExternal) await sleep(2_000);
      await control.start(name);
      await waitUntilActive(trackersOf(control), storagesOf(control).length);
      await untilReplicated(cluster, [fileId]);
    }
    for (const [key, content] of contents) {
      const found = await cluster.get(key).catch(() => null);
      if (!found?.equals(content)) lost.push(`${key} at the end`);
    }
    noteFigures('min-replicas', { rounds, lost: lost.length });
    expect(lost).toEqual([]);
  });

  it.skipIf(isExternal)('a write fails, and leaves nothing, when no replica comes', async () => {
    for (const storage of cluster.embedded?.storages ?? []) {
      storage.changeLog.delayMs = Number.POSITIVE_INFINITY;
    }
    const failure = await cluster.put('lonely', randomObject(1000), cluster.s3Once).then(
      () => null,
      (error: unknown) => error,
    );
    expect((failure as S3ServiceException | null)?.$metadata.httpStatusCode).toBe(503);
    await expect(cluster.get('lonely', cluster.s3Once)).rejects.toMatchObject({
      name: 'NoSuchKey',
    });
    for (const storage of cluster.embedded?.storages ?? []) storage.changeLog.delayMs = 0;
    await cluster.put('accompanied', randomObject(1000), cluster.s3Once);
  });
});
