import type { GroupRecord } from '../protocol/commands/list-groups.ts';
import type { StorageRecord } from '../protocol/commands/list-storages.ts';
import { isReadable, isWritable, type MemberSpace, type StorageMember } from './storage-member.ts';

/** The FastDFS version whose behaviour this is. */
export const SERVER_VERSION = '6.16.1';

const MIB = 1024 * 1024;

/** `members` are those of one group, at least one. Space is that of the fullest writable one. */
export function groupRecordOf(groupName: string, members: readonly StorageMember[]): GroupRecord {
  const writable = members.filter(isWritable);
  const [first] = members;
  return {
    groupName,
    ...spaceMb(fullest(writable.length > 0 ? writable : members)),
    trunkFreeMb: 0,
    storageCount: members.length,
    storagePort: first?.port ?? 0,
    readableServerCount: members.filter(isReadable).length,
    httpPortOrReadableServerCount: null,
    writableServerCount: writable.length,
    currentWriteServer: 0,
    storePathCount: 1,
    subdirCountPerPath: first?.subdirCountPerPath ?? 0,
    currentTrunkFileId: -1,
  };
}

export function storageRecordOf(member: StorageMember): StorageRecord {
  return {
    status: member.status,
    rwMode: member.rwMode,
    id: member.id,
    host: member.host,
    domainName: '',
    sourceStorageId: '',
    version: SERVER_VERSION,
    joinTime: member.joinTime,
    upTime: member.upTime,
    ...spaceMb(member.space()),
    uploadPriority: 10,
    storePathCount: 1,
    subdirCountPerPath: member.subdirCountPerPath,
    currentWritePath: 0,
    port: member.port,
    httpPort: 0,
    stat: member.stat(),
    isTrunkServer: false,
  };
}

function fullest(members: readonly StorageMember[]): MemberSpace {
  const none = { totalBytes: 0, freeBytes: 0, reservedBytes: 0, hasRoom: false };
  return members
    .map((member) => member.space())
    .reduce((least, space) => (space.freeBytes < least.freeBytes ? space : least), {
      ...none,
      ...members[0]?.space(),
    });
}

function spaceMb({ totalBytes, freeBytes, reservedBytes }: MemberSpace) {
  return {
    totalMb: Math.floor(totalBytes / MIB),
    freeMb: Math.floor(freeBytes / MIB),
    reservedMb: Math.floor(reservedBytes / MIB),
  };
}
