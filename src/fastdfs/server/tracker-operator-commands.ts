import {
  deleteGroup,
  deleteStorage,
  setTrunkServer,
} from '../protocol/commands/cluster-changes.ts';
import { storageClusterStat, trackerClusterStat } from '../protocol/commands/cluster-stat.ts';
import type { GroupRecord } from '../protocol/commands/list-groups.ts';
import {
  getGroupName,
  getStorageId,
  getStorageStatus,
} from '../protocol/commands/storage-identity.ts';
import { getLeader, getTrackerStatus } from '../protocol/commands/tracker-status.ts';
import { volumeStat } from '../protocol/commands/volume-stat.ts';
import type { ClusterView } from './cluster-view.ts';
import { SERVER_VERSION } from './member-records.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import type { StorageMember } from './storage-member.ts';
import { answer, type TrackerHandler } from './tracker-handler.ts';

/** Commands of monitors and operators. Nothing can be taken out of the cluster by them. */
export const operatorCommands: readonly TrackerHandler[] = [
  answer(getTrackerStatus, ({ startedAt, isLeader }) => ({
    isLeader,
    runningSeconds: Math.max(0, Math.floor(Date.now() / 1000) - startedAt),
    restartInterval: 0,
  })),
  answer(getLeader, ({ trackerAddresses: [leader] }) => {
    return leader === undefined ? refuse(errno.ENOENT, 'no tracker leads') : { address: leader };
  }),
  answer(getStorageId, (view, { groupName, address }) => {
    const { host, port } = parseAddress(address);
    view.membersOf(groupName);
    if (!view.usesStorageIds) return { storageId: host };
    return { storageId: view.memberByAddress(groupName, host, port).id };
  }),
  answer(getStorageStatus, (view, { groupName, address }) => {
    const wanted = parseAddress(address);
    const { status, port, id, host } = view.memberByAddress(groupName, wanted.host, wanted.port);
    return { status, port, id, host };
  }),
  answer(getGroupName, (view, { host, port }) => {
    if (!view.usesStorageIds) refuse(errno.EOPNOTSUPP, 'storage ids are off');
    const isIn = (groupName: string) =>
      view
        .membersOf(groupName)
        .some((member) => member.port === port && (host === null || member.host === host));
    const groupName = view.groupNames.find(isIn);
    return groupName === undefined ? refuse(errno.ENOENT, 'unknown address') : { groupName };
  }),
  answer(deleteStorage, (view, { groupName, storageId }) => {
    view.memberById(groupName, storageId);
    refuse(errno.EBUSY, 'the storage server is in use');
  }),
  answer(deleteGroup, (view, { groupName }) => {
    view.membersOf(groupName);
    refuse(errno.EBUSY, 'the group is not empty');
  }),
  answer(setTrunkServer, () => refuse(errno.EOPNOTSUPP, 'trunk files are off')),
  answer(trackerClusterStat, (view, { isActive, isLeader }) => {
    if (!view.isLeader) refuse(errno.EOPNOTSUPP, 'another tracker leads');
    if (isActive === false) return [];
    return view.trackerAddresses
      .map((address, position) => ({
        address,
        isLeader: position === 0,
        isActive: true,
        ...noConnections,
        version: SERVER_VERSION,
        upTime: view.startedAt,
        lastHeartbeat: Math.floor(Date.now() / 1000),
      }))
      .filter((tracker) => isLeader === null || tracker.isLeader === isLeader);
  }),
  answer(storageClusterStat, (view, { isTrunkServer, status }) => {
    const storages = allMembers(view)
      .filter(() => isTrunkServer !== true)
      .filter(
        (member) =>
          status === null ||
          ('is' in status ? status.is === member.status : status.isNot !== member.status),
      )
      .map(storageStatOf);
    return { useStorageId: view.usesStorageIds, useTrunkFile: false, storages };
  }),
  answer(volumeStat, (view, { isDiskAvailable, isTrunkAvailable, isSpaceAvailable }) => {
    const groups = view.groupNames
      .map((groupName) => volumeOf(view.groupRecord(groupName)))
      .filter(
        ({ isDiskAvailable: hasSpace }) =>
          (isDiskAvailable ?? hasSpace) === hasSpace &&
          isTrunkAvailable !== true &&
          (isSpaceAvailable ?? hasSpace) === hasSpace,
      );
    return { useTrunkFile: false, groups };
  }),
];

const noConnections = {
  connectionAllocCount: 0,
  connectionCurrentCount: 0,
  connectionMaxCount: 0,
} as const;

function allMembers(view: ClusterView): readonly StorageMember[] {
  return view.groupNames.flatMap((groupName) => view.membersOf(groupName));
}

function storageStatOf(member: StorageMember) {
  const { id, host, port, status, upTime } = member;
  const stat = member.stat();
  return {
    id,
    address: `${host}:${port}`,
    isTrunkServer: false,
    status,
    connectionAllocCount: stat.connectionAllocCount,
    connectionCurrentCount: stat.connectionCurrentCount,
    connectionMaxCount: stat.connectionMaxCount,
    version: SERVER_VERSION,
    upTime,
    lastHeartbeat: stat.lastHeartBeatTime,
  };
}

function volumeOf({ groupName, totalMb, freeMb, reservedMb, trunkFreeMb }: GroupRecord) {
  const availableMb = Math.max(0, freeMb - (reservedMb ?? 0));
  return {
    groupName,
    totalMb,
    freeMb,
    reservedMb: reservedMb ?? 0,
    availableMb,
    trunkFreeMb,
    isDiskAvailable: availableMb > 0,
    isTrunkAvailable: false,
  };
}

/** From 6.16.0 on an address without a port is refused. */
function parseAddress(address: string): { host: string; port: number } {
  const [host, port] = address.split(':');
  if (!host || !port) refuse(errno.EINVAL, 'ip:port expected');
  return { host, port: Number(port) };
}

function refuse(fastdfsStatus: number, message: string): never {
  throw new RefusedRequest(fastdfsStatus, message);
}
