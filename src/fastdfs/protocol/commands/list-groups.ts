import type { Command } from '../command.ts';
import { GROUP_NAME_RECORD_SIZE, GROUPS_MAX } from '../constants.ts';
import { decodeEmpty, encodeEmpty } from '../empty-body.ts';
import { ProtocolError, tryDecode } from '../errors.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { requireGroupName } from '../file-id.ts';
import { DEFAULT_RESPONSE_LAYOUT, type ResponseLayout } from '../response-layout.ts';
import { type GroupRequest, groupRequest } from './group-request.ts';

/** A group as a tracker sees it. Spaces are in MiB. */
export interface GroupRecord {
  readonly groupName: string;
  /** Of the writable storage server with the least free space, as `freeMb`. */
  readonly totalMb: number;
  readonly freeMb: number;
  /** Space that the tracker keeps free; null before 6.13.1. */
  readonly reservedMb: number | null;
  /** Free space inside trunk files. */
  readonly trunkFreeMb: number;
  /** All storage servers, whatever their status. */
  readonly storageCount: number;
  /** In 6.16 a storage server may have another one. */
  readonly storagePort: number;
  /** Null in the 105-byte record, which has it or an HTTP port and does not say which. */
  readonly readableServerCount: number | null;
  /** What the 105-byte record has instead; null in the 113-byte one. */
  readonly httpPortOrReadableServerCount: number | null;
  /** Usable storage servers; up to 6.12 those that are ACTIVE. */
  readonly writableServerCount: number;
  readonly currentWriteServer: number;
  readonly storePathCount: number;
  readonly subdirCountPerPath: number;
  /** -1 when trunk files are off; 0 in old versions. */
  readonly currentTrunkFileId: number;
}

const SIZE = 113;
/** Up to 6.13.0. */
const SIZE_OLD = 105;

/**
 * 113 (6.13.1 and later), all int64 but the name:
 *   groupName[17] totalMb freeMb reservedMb trunkFreeMb storageCount storagePort
 *   readableServerCount writableServerCount currentWriteServer storePathCount subdirCountPerPath
 *   currentTrunkFileId
 * 105: no reservedMb; up to 6.12 storageHttpPort and activeCount stand for the two server counts
 */
function readGroup(fields: FieldReader, size: number): GroupRecord {
  const isOld = size === SIZE_OLD;
  const start = {
    groupName: fields.text(GROUP_NAME_RECORD_SIZE),
    totalMb: fields.int64(),
    freeMb: fields.int64(),
    reservedMb: isOld ? null : fields.int64(),
    trunkFreeMb: fields.int64(),
    storageCount: fields.int64(),
    storagePort: fields.int64(),
  };
  const portOrCount = fields.int64();
  return {
    ...start,
    readableServerCount: isOld ? null : portOrCount,
    httpPortOrReadableServerCount: isOld ? portOrCount : null,
    writableServerCount: fields.int64(),
    currentWriteServer: fields.int64(),
    storePathCount: fields.int64(),
    subdirCountPerPath: fields.int64(),
    currentTrunkFileId: fields.int64(),
  };
}

/** 105 new records are as long as 113 old ones; read as the wrong ones, their names are none. */
function readGroups(body: Buffer, size: number): GroupRecord[] {
  const count = body.length / size;
  if (!Number.isInteger(count) || count > GROUPS_MAX) {
    throw new ProtocolError(`no group records of ${size} bytes: ${body.length}`);
  }
  const fields = new FieldReader(body);
  const groups = Array.from({ length: count }, () => readGroup(fields, size));
  for (const { groupName } of groups) requireGroupName(groupName);
  return groups;
}

function writeGroup(fields: FieldWriter, group: GroupRecord, layout: ResponseLayout): void {
  fields.text(group.groupName, GROUP_NAME_RECORD_SIZE).int64(group.totalMb).int64(group.freeMb);
  if (layout.groupRecord === '113') fields.int64(group.reservedMb ?? 0);
  fields.int64(group.trunkFreeMb).int64(group.storageCount).int64(group.storagePort);
  fields
    .int64(
      (layout.groupRecord === '105-http' ? null : group.readableServerCount) ??
        group.httpPortOrReadableServerCount ??
        0,
    )
    .int64(group.writableServerCount)
    .int64(group.currentWriteServer)
    .int64(group.storePathCount)
    .int64(group.subdirCountPerPath)
    .int64(group.currentTrunkFileId);
}

/** All groups, in order of their names; there may be none. */
export const listAllGroups: Command<void, readonly GroupRecord[]> = {
  name: 'SERVER_LIST_ALL_GROUPS',
  code: 91,
  encodeRequest: encodeEmpty,
  decodeRequest: decodeEmpty,
  encodeResponse(groups, layout = DEFAULT_RESPONSE_LAYOUT) {
    const fields = new FieldWriter();
    for (const group of groups) writeGroup(fields, group, layout);
    return fields.toBuffer();
  },
  decodeResponse(body) {
    for (const size of [SIZE, SIZE_OLD]) {
      const groups = tryDecode(() => readGroups(body, size));
      if (groups) return groups;
    }
    throw new ProtocolError(`no list of groups: ${body.length} bytes`);
  },
};

/** One group. Status 2: no such group. */
export const listOneGroup: Command<GroupRequest, GroupRecord> = {
  name: 'SERVER_LIST_ONE_GROUP',
  code: 90,
  ...groupRequest,
  encodeResponse: (group, layout) => listAllGroups.encodeResponse([group], layout),
  decodeResponse(body) {
    const [group, ...others] = listAllGroups.decodeResponse(body);
    if (!group || others.length > 0) throw new ProtocolError('not exactly one group');
    return group;
  },
};
