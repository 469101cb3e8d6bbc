import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sizeOfRun } from '../../support/cluster/cluster-under-test.ts';
import { newFilesOf, sourceNodeOf, untilReplicated } from '../../support/cluster/disks.ts';
import {
  type FaultyCluster,
  noteFigures,
  randomObject,
  startFaultyCluster,
} from '../../support/faulty-cluster.ts';
import { metricTotal } from '../../support/gateway-metrics.ts';

const sizeBytes = 1024 * 1024 * sizeOfRun('CLUSTER_FAULTS_GET_MIB', 64);

let cluster: FaultyCluster;
beforeAll(async () => {
  cluster = await startFaultyCluster();
});
afterAll(() => cluster.close());

it('gives the whole body when the storage server dies in the middle of it', async () => {
  const content = randomObject(sizeBytes);
  const files = await newFilesOf(cluster, () => cluster.put('big', content));
  await untilReplicated(cluster, files);
  // Of each group the server that took a piece, so that each keeps one.
  const victims = new Map(
    files.map((fileId) => sourceNodeOf(cluster, fileId)).map((node) => [node.groupName, node.name]),
  );

  const { Body, ContentLength } = await cluster.s3Once.send(
    new GetObjectCommand({ Bucket: cluster.bucket, Key: 'big' }),
  );
  expect(ContentLength).toBe(sizeBytes);
  const md5 = createHash('md5');
  let received = 0;
  let isKilled = false;
  for await (const chunk of Body as Readable) {
    md5.update(chunk as Buffer);
    received += (chunk as Buffer).length;
    if (!isKilled && received > sizeBytes / 4) {
      isKilled = true;
      for (const name of victims.values()) await cluster.control.kill(name);
    }
  }
  const failovers = await metricTotal(cluster.gateway, 'fastdfs_s3_failovers_total');
  noteFigures('kill-in-mid-get', { sizeBytes, received, failovers });
  expect(failovers).toBeGreaterThan(0);
  expect(received).toBe(sizeBytes);
  expect(md5.digest('hex')).toBe(createHash('md5').update(content).digest('hex'));
});
