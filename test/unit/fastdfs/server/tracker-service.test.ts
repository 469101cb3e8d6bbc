import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command } from '../../../../src/fastdfs/protocol/command.ts';
import { activeTest } from '../../../../src/fastdfs/protocol/commands/active-test.ts';
import {
  deleteGroup,
  deleteStorage,
  setTrunkServer,
} from '../../../../src/fastdfs/protocol/commands/cluster-changes.ts';
import {
  storageClusterStat,
  trackerClusterStat,
} from '../../../../src/fastdfs/protocol/commands/cluster-stat.ts';
import { fetchStorageIds } from '../../../../src/fastdfs/protocol/commands/fetch-storage-ids.ts';
import {
  listAllGroups,
  listOneGroup,
} from '../../../../src/fastdfs/protocol/commands/list-groups.ts';
import { listStorages } from '../../../../src/fastdfs/protocol/commands/list-storages.ts';
import { getParameters } from '../../../../src/fastdfs/protocol/commands/parameters.ts';
import {
  queryFetchAll,
  queryFetchOne,
  queryUpdate,
} from '../../../../src/fastdfs/protocol/commands/query-fetch.ts';
import {
  queryStoreWithGroupAll,
  queryStoreWithGroupOne,
  queryStoreWithoutGroupAll,
  queryStoreWithoutGroupOne,
} from '../../../../src/fastdfs/protocol/commands/query-store.ts';
import {
  getGroupName,
  getStorageId,
  getStorageStatus,
} from '../../../../src/fastdfs/protocol/commands/storage-identity.ts';
import {
  getLeader,
  getTrackerStatus,
} from '../../../../src/fastdfs/protocol/commands/tracker-status.ts';
import { volumeStat } from '../../../../src/fastdfs/protocol/commands/volume-stat.ts';
import { startTestNode, type TestNode } from '../../../support/embedded-node.ts';
import type { RawConnection } from '../../../support/raw-fastdfs.ts';
import { StorageDriver } from '../../../support/storage-driver.ts';

const groupName = 'group1';
const fileName = 'M00/00/00/fwAAAWsA2TOARYgOAAST4JfLaFQ3437497';

let node: TestNode;
let tracker: RawConnection;
beforeAll(async () => {
  node = await startTestNode();
  tracker = await node.connectToTracker();
});
afterAll(() => node.remove());

/** The decoded response, or the status when it is not 0. */
async function ask<Request, Response>(
  command: Command<Request, Response>,
  request: Request,
): Promise<Response | number | undefined> {
  const response = await tracker.request(command, request);
  return response?.status === 0 ? command.decodeResponse(response.body) : response?.status;
}

describe('queries', () => {
  it('name the storage server for uploads', async () => {
    const target = { groupName, ...node.storageAddress, storePathIndex: 0 };
    const targets = { groupName, storages: [node.storageAddress], storePathIndex: 0 };
    expect(await ask(queryStoreWithoutGroupOne, undefined)).toEqual(target);
    expect(await ask(queryStoreWithGroupOne, { groupName })).toEqual(target);
    expect(await ask(queryStoreWithoutGroupAll, undefined)).toEqual(targets);
    expect(await ask(queryStoreWithGroupAll, { groupName })).toEqual(targets);
  });

  it('name it for any file, whether or not it exists', async () => {
    const target = { groupName, ...node.storageAddress };
    expect(await ask(queryFetchOne, { groupName, fileName })).toEqual(target);
    expect(await ask(queryUpdate, { groupName, fileName })).toEqual(target);
    expect(await ask(queryFetchAll, { groupName, fileName })).toEqual({
      groupName,
      storages: [node.storageAddress],
    });
  });

  it('answer 2 for an unknown group', async () => {
    const unknown = { groupName: 'group2' };
    expect(await ask(queryStoreWithGroupOne, unknown)).toBe(2);
    expect(await ask(queryStoreWithGroupAll, unknown)).toBe(2);
    expect(await ask(queryFetchOne, { ...unknown, fileName })).toBe(2);
    expect(await ask(queryFetchAll, { ...unknown, fileName })).toBe(2);
    expect(await ask(queryUpdate, { ...unknown, fileName })).toBe(2);
    expect(await ask(listOneGroup, unknown)).toBe(2);
    expect(await ask(listStorages, { ...unknown, storageId: null })).toBe(2);
  });

  it('answer 2 while the storage server is not active', async () => {
    node.faults.tracker.storageStatus = 5;
    expect(await ask(queryStoreWithoutGroupOne, undefined)).toBe(2);
    expect(await ask(queryFetchOne, { groupName, fileName })).toBe(2);
    const groups = await ask(listAllGroups, undefined);
    expect(groups).toMatchObject([{ readableServerCount: 0, writableServerCount: 0 }]);
    node.faults.reset();
  });

  it('answer 28 when the reserve is reached', async () => {
    const full = await startTestNode({ reservedBytes: Number.MAX_SAFE_INTEGER });
    const connection = await full.connectToTracker();
    expect(await connection.request(queryStoreWithoutGroupOne, undefined)).toMatchObject({
      status: 28,
    });
    const storage = new StorageDriver(await full.connectToStorage());
    expect(await storage.upload(Buffer.from('x'))).toBe(28);
    expect(full.filesOnDisk()).toEqual([]);
    await full.remove();
  });
});

describe('lists', () => {
  it('show the group with its space', async () => {
    const groups = await ask(listAllGroups, undefined);
    expect(groups).toMatchObject([
      { groupName, storageCount: 1, storagePort: node.storageAddress.port, currentTrunkFileId: -1 },
    ]);
    expect(await ask(listOneGroup, { groupName })).toMatchObject({ groupName, storePathCount: 1 });
    const [group] = groups as Exclude<typeof groups, number | undefined>;
    expect(group?.totalMb).toBeGreaterThan(0);
    expect(group?.freeMb).toBeLessThanOrEqual(group?.totalMb ?? 0);
  });

  it('show the storage server and what it did', async () => {
    const storage = new StorageDriver(await node.connectToStorage());
    const file = await storage.store(Buffer.from('12345'));
    await storage.download(file);
    await storage.delete(file);
    await storage.delete(file);
    const request = { groupName, storageId: null };
    const [record] = (await ask(listStorages, request)) as [unknown];
    expect(record).toMatchObject({
      status: 7,
      rwMode: 6,
      id: '127.0.0.1',
      host: '127.0.0.1',
      port: node.storageAddress.port,
      version: expect.stringMatching(/^6\.16\./),
      stat: {
        connectionCurrentCount: 1,
        totalUploadCount: 1,
        successUploadCount: 1,
        successUploadBytes: 5,
        successDownloadBytes: 5,
        totalDeleteCount: 2,
        successDeleteCount: 1,
        lastSourceUpdate: expect.any(Number),
      },
    });
    expect(await ask(listStorages, { groupName, storageId: '127.0.0.1' })).toHaveLength(1);
    expect(await ask(listStorages, { groupName, storageId: '10.0.0.1' })).toBe(2);
  });

  it('have no storage ids', async () => {
    expect(await ask(fetchStorageIds, { startIndex: 0, allowEmpty: false })).toBe(95);
    expect(await ask(fetchStorageIds, { startIndex: 0, allowEmpty: true })).toEqual({
      total: 0,
      lines: [],
    });
    expect(await ask(getGroupName, { host: '127.0.0.1', port: 23000 })).toBe(95);
    const parameters = (await ask(getParameters, undefined)) as ReadonlyMap<string, string>;
    expect(parameters.get('use_storage_id')).toBe('0');
    expect(parameters.get('use_trunk_file')).toBe('0');
  });
});

describe('operator commands', () => {
  it('tell the tracker and the storage server', async () => {
    const { host, port } = node.storageAddress;
    const trackerAddress = `${node.trackerAddress.host}:${node.trackerAddress.port}`;
    const address = `${host}:${port}`;
    expect(await ask(activeTest, undefined)).toBeUndefined();
    expect(await ask(getTrackerStatus, undefined)).toMatchObject({ isLeader: true });
    expect(await ask(getLeader, undefined)).toEqual({ address: trackerAddress });
    expect(await ask(getStorageId, { groupName, address })).toEqual({ storageId: host });
    expect(await ask(getStorageStatus, { groupName, address })).toEqual({
      status: 7,
      host,
      port,
      id: host,
    });
    expect(await ask(getStorageStatus, { groupName, address: '10.0.0.1:1' })).toBe(2);
    expect(await ask(getStorageStatus, { groupName, address: host })).toBe(22);
    expect(await ask(trackerClusterStat, { isActive: null, isLeader: true })).toMatchObject([
      { address: trackerAddress },
    ]);
    expect(await ask(trackerClusterStat, { isActive: false, isLeader: null })).toEqual([]);
  });

  it('filter storage servers and volumes', async () => {
    const all = { isTrunkServer: null, status: null };
    expect(await ask(storageClusterStat, all)).toMatchObject({ storages: [{ status: 7 }] });
    for (const filter of [
      { isTrunkServer: true, status: null },
      { isTrunkServer: null, status: { isNot: 7 } },
      { isTrunkServer: null, status: { is: 5 } },
    ]) {
      expect(await ask(storageClusterStat, filter)).toMatchObject({ storages: [] });
    }
    const volumes = { isDiskAvailable: null, isTrunkAvailable: null, isSpaceAvailable: null };
    expect(await ask(volumeStat, volumes)).toMatchObject({ groups: [{ groupName }] });
    const full = { ...volumes, isSpaceAvailable: false };
    expect(await ask(volumeStat, full)).toMatchObject({ groups: [] });
  });

  it('refuse changes to the only storage server there is', async () => {
    expect(await ask(deleteStorage, { groupName, storageId: '127.0.0.1' })).toBe(16);
    expect(await ask(deleteStorage, { groupName, storageId: '10.0.0.1' })).toBe(2);
    expect(await ask(deleteGroup, { groupName })).toBe(16);
    expect(await ask(deleteGroup, { groupName: 'group2' })).toBe(2);
    expect(await ask(setTrunkServer, { groupName, storageId: null })).toBe(95);
  });
});
