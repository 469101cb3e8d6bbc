import { setTimeout as sleep } from 'node:timers/promises';
import { S3ServiceException } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newFilesOf, untilReplicated } from '../../support/cluster/disks.ts';
import { storagesOf } from '../../support/cluster-control.ts';
import {
  type FaultyCluster,
  noteFigures,
  randomObject,
  startFaultyCluster,
} from '../../support/faulty-cluster.ts';

const RECOVERY_MS = 20_000;

let cluster: FaultyCluster;
beforeAll(async () => {
  cluster = await startFaultyCluster();
});
afterAll(() => cluster.close());

it('gives 503 for its objects alone, and ends by itself', async () => {
  const keysOf = new Map<string, string>();
  const files: string[] = [];
  for (let number = 0; keysOf.size < 2; number += 1) {
    const [fileId = ''] = await newFilesOf(cluster, () =>
      cluster.put(`key-${number}`, randomObject(1000)),
    );
    files.push(fileId);
    keysOf.set(fileId.slice(0, fileId.indexOf('/')), `key-${number}`);
  }
  await untilReplicated(cluster, files);
  const here = keysOf.get('group1') ?? '';
  const elsewhere = keysOf.get('group2') ?? '';
  const down = storagesOf(cluster.control, 'group1').map(({ name }) => name);

  for (const name of down) await cluster.control.kill(name);
  const failure = await cluster.get(here, cluster.s3Once).then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(S3ServiceException);
  const { $response } = failure as S3ServiceException;
  expect($response?.statusCode).toBe(503);
  expect(Number($response?.headers['retry-after'])).toBeGreaterThan(0);
  for (let number = 0; number < 20; number += 1) {
    expect(await cluster.get(elsewhere, cluster.s3Once)).toHaveLength(1000);
    await cluster.put(`while-down/${number}`, randomObject(1000), cluster.s3Once);
  }

  for (const name of down) await cluster.control.start(name);
  const startedAt = performance.now();
  while ((await cluster.get(here, cluster.s3Once).catch(() => null)) === null) {
    if (performance.now() - startedAt > RECOVERY_MS) throw new Error('it stays 503');
    await sleep(50);
  }
  noteFigures('group-down', { recoveryMs: performance.now() - startedAt });
});
