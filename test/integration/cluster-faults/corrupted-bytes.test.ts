import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isExternal } from '../../support/cluster/cluster-under-test.ts';
import { newFilesOf, sourceNodeOf, untilReplicated } from '../../support/cluster/disks.ts';
import {
  type FaultyCluster,
  randomObject,
  startFaultyCluster,
} from '../../support/faulty-cluster.ts';
import { scrapeMetrics } from '../../support/gateway-metrics.ts';
import { sampleValue } from '../../support/prometheus.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

// The network of a real cluster cannot be told to corrupt a byte.
describe.skipIf(isExternal)('a byte that is corrupted', () => {
  let cluster: FaultyCluster;
  beforeAll(async () => {
    cluster = await startFaultyCluster();
  });
  afterEach(() => {
    for (const { network, faults } of storages()) {
      network.toClient.reset();
      network.toServer.reset();
      faults.corruptByteAt = null;
    }
  });
  afterAll(() => cluster.close());

  async function mismatches(direction: 'upload' | 'download'): Promise<number> {
    const name = 'fastdfs_s3_checksum_mismatches_total';
    return sampleValue(await scrapeMetrics(cluster.gateway), name, { direction }) ?? 0;
  }

  const storages = () => cluster.embedded?.storages ?? [];

  it.each([
    ['a small object', 5 * KIB, 1000],
    ['the first bytes of a large one', 6 * MIB, 1000],
    ['the last bytes of a large one', 6 * MIB, 6 * MIB - 1000],
  ])('on the way from storage in %s', async (name, sizeBytes, position) => {
    const content = randomObject(sizeBytes);
    const files = await newFilesOf(cluster, () => cluster.put(name, content));
    await untilReplicated(cluster, files);
    const before = await mismatches('download');
    for (const { network } of storages()) void network.toClient.after(position, 'corrupt');

    // It comes whole from elsewhere, or it breaks off.
    const received = await cluster.get(name, cluster.s3Once).catch(() => null);
    if (received !== null) expect(received.equals(content)).toBe(true);
    expect(await mismatches('download')).toBeGreaterThan(before);

    for (const { network } of storages()) network.toClient.reset();
    expect((await cluster.get(name)).equals(content)).toBe(true);
  });

  it.each([
    ['a small object', 50 * KIB],
    ['a large one', 3 * MIB],
  ])('on the disk of one server in %s', async (name, sizeBytes) => {
    const content = randomObject(sizeBytes);
    const [fileId = ''] = await newFilesOf(cluster, () => cluster.put(`on disk ${name}`, content));
    await untilReplicated(cluster, [fileId]);
    const before = await mismatches('download');
    const source = cluster.embedded?.storage(sourceNodeOf(cluster, fileId).name);
    if (source) source.faults.corruptByteAt = 20 * KIB;

    const reads: (Buffer | null)[] = [];
    for (let count = 0; count < 5; count += 1) {
      reads.push(await cluster.get(`on disk ${name}`, cluster.s3Once).catch(() => null));
    }
    for (const received of reads) if (received) expect(received.equals(content)).toBe(true);
    // The first reader of a large one has the wrong byte when that is noticed. The next ones are
    // sent elsewhere.
    expect(reads.slice(1)).not.toContain(null);
    expect(await mismatches('download')).toBeGreaterThan(before);
  });

  it.each([
    ['a small object', 50 * KIB],
    ['a large one', 6 * MIB],
  ])('on the way to storage in %s', async (name, sizeBytes) => {
    const before = await mismatches('upload');
    const content = randomObject(sizeBytes);
    for (const { network } of storages()) void network.toServer.after(20 * KIB, 'corrupt');
    const isAcknowledged = await cluster.put(`to ${name}`, content, cluster.s3Once).then(
      () => true,
      () => false,
    );
    for (const { network } of storages()) network.toServer.reset();
    expect(await mismatches('upload')).toBeGreaterThan(before);
    if (isAcknowledged) {
      expect((await cluster.get(`to ${name}`)).equals(content)).toBe(true);
    } else {
      await expect(cluster.get(`to ${name}`)).rejects.toMatchObject({ name: 'NoSuchKey' });
    }
    await cluster.put(`to ${name}`, content, cluster.s3Once);
    expect((await cluster.get(`to ${name}`)).equals(content)).toBe(true);
  });
});
