import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BlobStoreEvent } from '../../../src/blob-store/blob-store.ts';
import { ClusterSnapshot } from '../../../src/blob-store/cluster-snapshot.ts';
import type { GroupRecord } from '../../../src/fastdfs/protocol/commands/list-groups.ts';
import { listAllGroups } from '../../../src/fastdfs/protocol/commands/list-groups.ts';
import type { StorageRecord } from '../../../src/fastdfs/protocol/commands/list-storages.ts';
import { emptyStorageStat } from '../../../src/fastdfs/protocol/storage-stat.ts';
import { at, startBench } from './harness.ts';

const group: GroupRecord = {
  groupName: 'group1',
  totalMb: 1000,
  freeMb: 400,
  reservedMb: 100,
  trunkFreeMb: 0,
  storageCount: 1,
  storagePort: 23_000,
  readableServerCount: 1,
  httpPortOrReadableServerCount: null,
  writableServerCount: 1,
  currentWriteServer: 0,
  storePathCount: 1,
  subdirCountPerPath: 256,
  currentTrunkFileId: -1,
};

function storage(given: Partial<StorageRecord> = {}): StorageRecord {
  return {
    status: 7,
    rwMode: 6,
    id: '10.0.0.2',
    host: '10.0.0.2',
    port: 23_000,
    domainName: null,
    sourceStorageId: '',
    version: '6.16.1',
    joinTime: 1,
    upTime: 2,
    totalMb: 1000,
    freeMb: 400,
    reservedMb: 50,
    uploadPriority: 10,
    storePathCount: 1,
    subdirCountPerPath: 256,
    currentWritePath: 0,
    httpPort: null,
    stat: { ...emptyStorageStat(), lastSyncedTimestamp: 1_700_000_000 },
    isTrunkServer: false,
    ...given,
  };
}

const snapshotOf = (...storages: StorageRecord[]) => new ClusterSnapshot([{ group, storages }]);

describe('a snapshot', () => {
  it.each([
    ['ACTIVE', { status: 7, rwMode: 6 }, { isReadable: true, isWritable: true }],
    [
      'of a version without modes',
      { status: 7, rwMode: null },
      { isReadable: true, isWritable: true },
    ],
    ['read only', { status: 7, rwMode: 4 }, { isReadable: true, isWritable: false }],
    ['ONLINE, not ACTIVE', { status: 6, rwMode: 6 }, { isReadable: false, isWritable: false }],
  ])('tells what a storage server takes that is %s', (_name, given, expected) => {
    expect(snapshotOf(storage(given)).servers[0]).toMatchObject(expected);
  });

  it('takes the reserve of the group where the version tells none of the server', () => {
    const [server] = snapshotOf(storage({ reservedMb: null })).servers;
    expect(server).toMatchObject({ freeMib: 400, reservedMib: 100, lastSyncedS: 1_700_000_000 });
  });

  it('finds the source by its address', () => {
    const snapshot = snapshotOf(storage(), storage({ id: '10.0.0.3', host: '10.0.0.3' }));
    expect(snapshot.findSource('group1', { host: '10.0.0.3' })?.host).toBe('10.0.0.3');
    expect(snapshot.findSource('group2', { host: '10.0.0.3' })).toBeNull();
    expect(snapshot.findSource('group1', { host: '10.0.0.9' })).toBeNull();
  });

  it('finds the source by its storage id, and by an address that is its alone', () => {
    const snapshot = snapshotOf(
      storage({ id: '100001', port: 23_000 }),
      storage({ id: '100002', port: 23_001 }),
      storage({ id: '100003', host: '10.0.0.3' }),
      storage({ id: '0042', port: 23_002 }),
    );
    expect(snapshot.findSource('group1', { storageId: 42 })?.port).toBe(23_002);
    expect(snapshot.findSource('group1', { storageId: 100_002 })?.port).toBe(23_001);
    expect(snapshot.findSource('group1', { host: '10.0.0.2' })).toBeNull();
    expect(snapshot.findSource('group1', { host: '10.0.0.3' })?.id).toBe('100003');
  });
});

const quick = { clusterViewRefreshMs: 20, pingTimeoutMs: 1_000 };

describe('the view', () => {
  afterEach(() => vi.restoreAllMocks());

  it('follows the state of a storage server by itself', async () => {
    const { store, storages } = await startBench({ group1: 2 }, quick);
    const statuses = async () => {
      const { groups } = await store.clusterState();
      return groups.flatMap(({ storageServers }) => storageServers.map(({ status }) => status));
    };
    expect(await statuses()).toEqual(['ACTIVE', 'ACTIVE']);
    at(storages, 1).status = 5;
    await vi.waitUntil(async () => (await statuses())[1] === 'OFFLINE');
  });

  it('keeps what it knows while no tracker answers, and says which one does not', async () => {
    const { store, tracker } = await startBench({ group1: 2 }, quick);
    await store.clusterState();
    await tracker.stop();
    const unreachable = async () => {
      const { trackers } = await store.clusterState();
      return trackers.some(({ reachable }) => !reachable);
    };
    await vi.waitUntil(unreachable);
    expect((await store.clusterState()).groups).toHaveLength(1);
    await tracker.start();
    await vi.waitUntil(async () => !(await unreachable()));
  });

  it('asks no tracker before it is needed', async () => {
    const { tracker } = await startBench({ group1: 2 }, quick);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(tracker.connections).toBe(0);
  });

  it('asks again for a file whose source it does not know', async () => {
    const { store, tracker } = await startBench({ group1: 1 }, { clusterViewRefreshMs: 60_000 });
    await store.clusterState();
    const before = tracker.requests.filter((code) => code === listAllGroups.code).length;
    // Too soon after the last look, a second one would tell the same.
    await new Promise((resolve) => setTimeout(resolve, 260));
    const [file] = await store.storeBuffer(Buffer.from('x'), {
      signal: new AbortController().signal,
    });
    const unknown = file?.fileId.replace('group1', 'group9') ?? '';
    expect(await store.findCopies(unknown, { signal: new AbortController().signal })).toEqual([]);
    const after = tracker.requests.filter((code) => code === listAllGroups.code).length;
    expect(after).toBe(before + 1);
  });
});

describe('breakers', () => {
  it('open when a storage server does not answer pings, and let it in again when it does', async () => {
    const events: BlobStoreEvent[] = [];
    const { store, storages } = await startBench(
      { group1: 2 },
      { ...quick, avoidFailedServerMs: 1, onEvent: (event) => events.push(event) },
    );
    const breakers = async () => {
      const { groups } = await store.clusterState();
      return groups[0]?.storageServers[1]?.breakers;
    };
    expect(await breakers()).toEqual({ read: 'closed', write: 'closed' });
    await at(storages, 1).stop();
    await vi.waitUntil(async () => (await breakers())?.read === 'open');
    expect(events).toContainEqual(
      expect.objectContaining({ kind: 'breaker', role: 'storage', use: 'read', state: 'open' }),
    );
    await at(storages, 1).start();
    await vi.waitUntil(async () => (await breakers())?.read === 'half-open');
  });
});

it('sends a read that waits for a silent storage server to another one', async () => {
  const { store, storages } = await startBench(
    { group1: 2 },
    { ...quick, pingTimeoutMs: 50, idleTimeoutMs: 60_000, commandTimeoutMs: 60_000 },
  );
  const options = { signal: new AbortController().signal };
  const [file] = await store.storeBuffer(Buffer.from('content'), options);
  const fileId = file?.fileId ?? '';
  const holder = storages.find(({ files }) => files.size > 0);
  const replica = storages.find(({ files }) => files.size === 0);
  for (const [name, content] of holder?.files ?? []) replica?.files.set(name, content);
  // Connections stay open, and nothing is ever answered: a cut link.
  if (holder) holder.intercept = () => true;
  const content = await store.read({ fileId, offset: 0, size: 7 }, options);
  expect(content.toString()).toBe('content');
});
