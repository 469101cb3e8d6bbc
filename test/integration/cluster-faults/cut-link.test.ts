import type { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newFilesOf, sourceNodeOf, untilReplicated } from '../../support/cluster/disks.ts';
import {
  type FaultyCluster,
  noteFigures,
  randomObject,
  startFaultyCluster,
} from '../../support/faulty-cluster.ts';
import { metricTotal } from '../../support/gateway-metrics.ts';
import { inParallel } from '../../support/in-parallel.ts';

/** Of the gateway towards FastDFS. */
const NETWORK_TIMEOUT_MS = 2000;
/** TCP itself gives up after a quarter of an hour. */
const PATIENCE_MS = 3 * NETWORK_TIMEOUT_MS;

let cluster: FaultyCluster;
beforeEach(async () => {
  cluster = await startFaultyCluster(
    // Trackers notice nothing while the test runs: the gateway has to.
    { checkActiveIntervalMs: 60_000 },
    { FASTDFS_NETWORK_TIMEOUT: `${NETWORK_TIMEOUT_MS}ms` },
  );
});
afterEach(() => cluster.close());

it('is survived by reads, also those whose connection was idle', async () => {
  const contents = new Map<string, Buffer>();
  const files = await newFilesOf(cluster, async () => {
    await inParallel(4, 40, async (number) => {
      const content = randomObject(1000 + 3000 * number);
      await cluster.put(`key-${number}`, content);
      contents.set(`key-${number}`, content);
    });
  });
  await untilReplicated(cluster, files);
  for (const key of contents.keys()) await cluster.get(key, cluster.s3Once);
  expect(files.map((fileId) => sourceNodeOf(cluster, fileId).name)).toContain('g1s1');

  await cluster.control.cut('g1s1');
  const slowest = await slowestOf([...contents.keys()], async (key) => {
    expect(
      (await cluster.get(key, cluster.s3Once)).equals(contents.get(key) ?? randomObject(1)),
    ).toBe(true);
  });
  noteFigures('cut-link reads', { slowest });
  expect(slowest).toBeLessThan(PATIENCE_MS);
});

it('is survived by writes', async () => {
  const keys = Array.from({ length: 40 }, (_, number) => `key-${number}`);
  await inParallel(8, 8, (number) => cluster.put(`warm-up/${number}`, randomObject(1000)));
  await cluster.control.cut('g1s1');
  const slowest = await slowestOf(keys, (key) =>
    cluster.put(key, randomObject(20_000), cluster.s3Once),
  );
  noteFigures('cut-link writes', { slowest });
  expect(slowest).toBeLessThan(PATIENCE_MS);

  await cluster.control.heal('g1s1');
  for (const key of keys) expect(await cluster.get(key, cluster.s3Once)).toHaveLength(20_000);
});

it('is survived by a body that is under way', async () => {
  const content = randomObject(64 * 1024 * 1024);
  const [fileId = ''] = await newFilesOf(cluster, () => cluster.put('big', content));
  await untilReplicated(cluster, [fileId]);
  const { Body } = await cluster.s3Once.send(
    new GetObjectCommand({ Bucket: cluster.bucket, Key: 'big' }),
  );
  const received: Buffer[] = [];
  for await (const chunk of Body as Readable) {
    if (received.length === 0) await cluster.control.cut(sourceNodeOf(cluster, fileId).name);
    received.push(chunk as Buffer);
  }
  expect(Buffer.concat(received).equals(content)).toBe(true);
  expect(await metricTotal(cluster.gateway, 'fastdfs_s3_failovers_total')).toBeGreaterThan(0);
});

/** Milliseconds that the slowest request took; all run at once. */
async function slowestOf(
  keys: readonly string[],
  request: (key: string) => Promise<void>,
): Promise<number> {
  const durations = await Promise.all(
    keys.map(async (key) => {
      const startedAt = performance.now();
      await request(key);
      return performance.now() - startedAt;
    }),
  );
  return Math.max(...durations);
}
