import {
  deleteGroup,
  deleteStorage,
  setTrunkServer,
} from '../protocol/commands/cluster-changes.ts';
import { storageClusterStat, trackerClusterStat } from '../protocol/commands/cluster-stat.ts';
import {
  getGroupName,
  getStorageId,
  getStorageStatus,
} from '../protocol/commands/storage-identity.ts';
import { getLeader, getTrackerStatus } from '../protocol/commands/tracker-status.ts';
import { volumeStat } from '../protocol/commands/volume-stat.ts';
import type { ClusterView } from './cluster-view.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import { answer, type TrackerHandler } from './tracker-handler.ts';

/** Commands of monitors and operators, about a cluster of one tracker and one storage server. */
export const operatorCommands: readonly TrackerHandler[] = [
  answer(getTrackerStatus, ({ startedAt }) => ({
    isLeader: true,
    runningSeconds: Math.max(0, Math.floor(Date.now() / 1000) - startedAt),
    restartInterval: 0,
  })),
  answer(getLeader, ({ trackerAddress }) => ({ address: trackerAddress })),
  answer(getStorageId, (view, { groupName, address }) => {
    view.requireGroup(groupName);
    return { storageId: hostOf(address) };
  }),
  answer(getStorageStatus, (view, { groupName, address }) => {
    const host = hostOf(address);
    view.requireStorage(groupName, host);
    return { status: view.storageStatus, port: view.storagePort, id: host, host };
  }),
  answer(getGroupName, () => refuse(errno.EOPNOTSUPP, 'storage ids are off')),
  answer(deleteStorage, (view, { groupName, storageId }) => {
    view.requireStorage(groupName, storageId);
    refuse(errno.EBUSY, 'the storage server is in use');
  }),
  answer(deleteGroup, (view, { groupName }) => {
    view.requireGroup(groupName);
    refuse(errno.EBUSY, 'the group is not empty');
  }),
  answer(setTrunkServer, () => refuse(errno.EOPNOTSUPP, 'trunk files are off')),
  answer(trackerClusterStat, (view, { isActive, isLeader }) => {
    if (isActive === false || isLeader === false) return [];
    const address = view.trackerAddress;
    return [{ address, isLeader: true, isActive: true, ...serverStat(view) }];
  }),
  answer(storageClusterStat, (view, { isTrunkServer, status }) => {
    const hasStatus =
      status === null ||
      ('is' in status ? status.is === view.storageStatus : status.isNot !== view.storageStatus);
    const storage = {
      id: view.storageHost,
      address: `${view.storageHost}:${view.storagePort}`,
      isTrunkServer: false,
      status: view.storageStatus,
      ...serverStat(view),
    };
    const storages = hasStatus && isTrunkServer !== true ? [storage] : [];
    return { useStorageId: false, useTrunkFile: false, storages };
  }),
  answer(volumeStat, (view, { isDiskAvailable, isTrunkAvailable, isSpaceAvailable }) => {
    const { groupName, totalMb, freeMb, reservedMb, trunkFreeMb } = view.groupRecord();
    const availableMb = Math.max(0, freeMb - (reservedMb ?? 0));
    const hasSpace = availableMb > 0;
    const passes =
      (isDiskAvailable ?? hasSpace) === hasSpace &&
      isTrunkAvailable !== true &&
      (isSpaceAvailable ?? hasSpace) === hasSpace;
    const group = {
      groupName,
      totalMb,
      freeMb,
      reservedMb: reservedMb ?? 0,
      availableMb,
      trunkFreeMb,
      isDiskAvailable: hasSpace,
      isTrunkAvailable: false,
    };
    return { useTrunkFile: false, groups: passes ? [group] : [] };
  }),
];

/** From 6.16.0 on an address without a port is refused. */
function hostOf(address: string): string {
  const [host, port] = address.split(':');
  if (!host || !port) refuse(errno.EINVAL, 'ip:port expected');
  return host;
}

function serverStat(view: ClusterView) {
  const { stat, version } = view.storageRecord(view.groupName, null);
  return {
    connectionAllocCount: stat.connectionAllocCount,
    connectionCurrentCount: stat.connectionCurrentCount,
    connectionMaxCount: stat.connectionMaxCount,
    version,
    upTime: view.startedAt,
    lastHeartbeat: stat.lastHeartBeatTime,
  };
}

function refuse(fastdfsStatus: number, message: string): never {
  throw new RefusedRequest(fastdfsStatus, message);
}
