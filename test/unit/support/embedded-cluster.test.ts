import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  queryFetchAll,
  queryFetchOne,
} from '../../../src/fastdfs/protocol/commands/query-fetch.ts';
import {
  queryStoreWithGroupOne,
  queryStoreWithoutGroupOne,
} from '../../../src/fastdfs/protocol/commands/query-store.ts';
import { listStorageServers } from '../../support/cluster/wait-until-active.ts';
import { nodeNamed } from '../../support/cluster-control.ts';
import {
  type EmbeddedCluster,
  type EmbeddedClusterOptions,
  startEmbeddedCluster,
} from '../../support/embedded-cluster.ts';
import { RawConnection } from '../../support/raw-fastdfs.ts';
import { StorageDriver } from '../../support/storage-driver.ts';

let cluster: EmbeddedCluster;
afterEach(() => cluster.close());

async function start(options: EmbeddedClusterOptions = {}): Promise<EmbeddedCluster> {
  cluster = await startEmbeddedCluster({ groups: 1, replicationDelayMs: 0, ...options });
  return cluster;
}

async function driverOf(name: string): Promise<StorageDriver> {
  return new StorageDriver(await RawConnection.open(nodeNamed(cluster, name).address));
}

async function statusOf(name: string, tracker = 't1'): Promise<number | undefined> {
  const records = await listStorageServers(nodeNamed(cluster, tracker).address);
  return records.find(({ id }) => id === cluster.storage(name).id)?.status;
}

async function untilStatus(name: string, status: number, tracker = 't1'): Promise<void> {
  while ((await statusOf(name, tracker)) !== status) await sleep(10);
}

async function fetchTargets(fileName: string): Promise<number[]> {
  const tracker = await RawConnection.open(nodeNamed(cluster, 't1').address);
  const answer = await tracker.request(queryFetchAll, { groupName: 'group1', fileName });
  tracker.vanish();
  if (answer?.status !== 0) throw new Error(`status ${answer?.status}`);
  return queryFetchAll.decodeResponse(answer.body).storages.map(({ port }) => port);
}

describe('replication', () => {
  it('brings uploads, metadata and deletes to the other server', async () => {
    await start();
    const [source, replica] = [await driverOf('g1s1'), await driverOf('g1s2')];
    const file = await source.store(Buffer.from('content'));
    await source.setMetadata(file, 'overwrite', { a: '1' });
    await cluster.waitUntilReplicated();
    expect(await replica.download(file)).toEqual(Buffer.from('content'));
    expect(await replica.getMetadata(file)).toEqual(['a=1']);
    expect(await cluster.listFiles('g1s2')).toEqual([file]);
    await replica.delete(file);
    await cluster.waitUntilReplicated();
    expect(await source.download(file)).toBe(2);
    expect(await cluster.listFiles('g1s1')).toEqual([]);
  });

  it('follows appender files', async () => {
    await start();
    const [source, replica] = [await driverOf('g1s1'), await driverOf('g1s2')];
    const file = await source.storeAppender(Buffer.from('one '));
    await cluster.waitUntilReplicated();
    await source.append(file, Buffer.from('two'));
    await cluster.waitUntilReplicated();
    expect(await replica.download(file)).toEqual(Buffer.from('one two'));
  });

  it('never comes for what a killed server had not written to its change log', async () => {
    await start({ replicationDelayMs: Number.POSITIVE_INFINITY });
    const file = await (await driverOf('g1s1')).store(Buffer.from('content'));
    await cluster.kill('g1s1');
    cluster.storage('g1s1').changeLog.delayMs = 0;
    await cluster.start('g1s1');
    await cluster.waitUntilActive();
    await cluster.waitUntilReplicated();
    expect(await cluster.listFiles('g1s1')).toEqual([file]);
    expect(await cluster.listFiles('g1s2')).toEqual([]);
  });

  it('comes late after an orderly stop', async () => {
    await start({ replicationDelayMs: Number.POSITIVE_INFINITY });
    const file = await (await driverOf('g1s1')).store(Buffer.from('content'));
    await cluster.stop('g1s1');
    await cluster.start('g1s1');
    await cluster.waitUntilReplicated();
    expect(await cluster.listFiles('g1s2')).toEqual([file]);
  });

  it('gives a wiped server its files back before it is ACTIVE', async () => {
    await start();
    const file = await (await driverOf('g1s1')).store(Buffer.from('content'));
    await cluster.waitUntilReplicated();
    await cluster.kill('g1s1');
    await cluster.wipe('g1s1');
    expect(await cluster.listFiles('g1s1')).toEqual([]);
    await cluster.start('g1s1');
    await cluster.waitUntilActive();
    expect(await cluster.listFiles('g1s1')).toEqual([file]);
  });
});

describe('trackers', () => {
  it('take groups and storage servers in turn', async () => {
    await start({ groups: 2 });
    const tracker = await RawConnection.open(nodeNamed(cluster, 't1').address);
    const groups: string[] = [];
    const ports = new Set<number>();
    for (let i = 0; i < 4; i += 1) {
      const answer = await tracker.request(queryStoreWithoutGroupOne, undefined);
      const target = queryStoreWithoutGroupOne.decodeResponse(answer?.body ?? Buffer.alloc(0));
      groups.push(target.groupName);
      ports.add(target.port);
    }
    expect(groups).toEqual(['group1', 'group2', 'group1', 'group2']);
    expect(ports.size).toBe(4);
    tracker.vanish();
  });

  it('pass over a group that is at its reserve, and answer 28 for it', async () => {
    await start({ groups: 2, trackers: 1 });
    cluster.storage('g1s2').reportedFreeBytes = 0;
    await sleep(50);
    const tracker = await RawConnection.open(nodeNamed(cluster, 't1').address);
    for (let i = 0; i < 3; i += 1) {
      const answer = await tracker.request(queryStoreWithoutGroupOne, undefined);
      const target = queryStoreWithoutGroupOne.decodeResponse(answer?.body ?? Buffer.alloc(0));
      expect(target.groupName).toBe('group2');
    }
    const full = await tracker.request(queryStoreWithGroupOne, { groupName: 'group1' });
    expect(full?.status).toBe(28);
    tracker.vanish();
  });

  it('notice a killed server at once, and a cut one after the check interval', async () => {
    await start({ checkActiveIntervalMs: 200 });
    await cluster.kill('g1s1');
    await untilStatus('g1s1', 5);
    await cluster.start('g1s1');
    await untilStatus('g1s1', 7);
    await cluster.cut('g1s1');
    expect(await statusOf('g1s1')).toBe(7);
    await untilStatus('g1s1', 5);
    await cluster.heal('g1s1');
    await untilStatus('g1s1', 7);
  });

  it('name only the source of a fresh file, and its replica once that has later ones', async () => {
    await start();
    const { port } = nodeNamed(cluster, 'g1s1').address;
    const driver = await driverOf('g1s1');
    const file = await driver.store(Buffer.from('first'));
    await cluster.waitUntilReplicated();
    expect(await fetchTargets(file)).toEqual([port]);
    await sleep(1100);
    await driver.store(Buffer.from('second'));
    await cluster.waitUntilReplicated();
    await sleep(50);
    expect(await fetchTargets(file)).toHaveLength(2);
  });

  it('name a writable server all the same when the source is down', async () => {
    await start();
    const file = await (await driverOf('g1s1')).store(Buffer.from('first'));
    await cluster.kill('g1s1');
    await untilStatus('g1s1', 5);
    expect(await fetchTargets(file)).toEqual([nodeNamed(cluster, 'g1s2').address.port]);
    await cluster.kill('g1s2');
    await untilStatus('g1s2', 5);
    const tracker = await RawConnection.open(nodeNamed(cluster, 't1').address);
    const answer = await tracker.request(queryFetchOne, { groupName: 'group1', fileName: file });
    expect(answer?.status).toBe(2);
    tracker.vanish();
  });

  it('come back with the same port', async () => {
    await start();
    await cluster.kill('t1');
    await expect(RawConnection.open(nodeNamed(cluster, 't1').address)).rejects.toThrow(
      'ECONNREFUSED',
    );
    await cluster.start('t1');
    await cluster.waitUntilActive();
    expect(await statusOf('g1s2')).toBe(7);
  });
});

describe('sources', () => {
  it.runIf(process.platform === 'linux')('are addresses where storage ids are off', async () => {
    await start({ useStorageIds: false });
    const driver = await driverOf('g1s2');
    const file = await driver.store(Buffer.from('content'));
    expect(await driver.info(file)).toMatchObject({ sourceHost: '127.0.1.2', fileSize: 7 });
    expect(await fetchTargets(file)).toEqual([nodeNamed(cluster, 'g1s2').address.port]);
  });

  it('are numbers by default, which trackers map to addresses', async () => {
    await start();
    const driver = await driverOf('g1s2');
    const file = await driver.store(Buffer.from('content'));
    expect(await driver.info(file)).toMatchObject({ sourceHost: '127.0.0.1', fileSize: 7 });
    expect(cluster.storage('g1s2').id).toMatch(/^\d+$/);
    expect(await fetchTargets(file)).toEqual([nodeNamed(cluster, 'g1s2').address.port]);
  });
});
