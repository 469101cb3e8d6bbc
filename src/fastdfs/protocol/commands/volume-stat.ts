import type { Command } from '../command.ts';
import { GROUP_NAME_RECORD_SIZE } from '../constants.ts';
import { FieldReader, FieldWriter } from '../fields.ts';
import { readRecords } from './records.ts';

/** Space of a group, in MiB. */
interface GroupVolume {
  readonly groupName: string;
  readonly totalMb: number;
  readonly freeMb: number;
  readonly reservedMb: number;
  readonly availableMb: number;
  readonly trunkFreeMb: number;
  readonly isDiskAvailable: boolean;
  readonly isTrunkAvailable: boolean;
}

/** Null leaves a property out of the filter; `isSpaceAvailable` means either kind. */
export interface VolumeFilter {
  readonly isDiskAvailable: boolean | null;
  readonly isTrunkAvailable: boolean | null;
  readonly isSpaceAvailable: boolean | null;
}

export interface VolumeStat {
  readonly useTrunkFile: boolean;
  readonly groups: readonly GroupVolume[];
}

const FILTER_DISK = 1;
const FILTER_TRUNK = 2;
const FILTER_SPACE = 4;
const VOLUME_SIZE = 59;

/**
 * Which groups have space left (6.16.0 and later).
 *
 * request   filterBy:uint8 (1 disk, 2 trunk, 4 either) isDiskAvailable:uint8
 *           isTrunkAvailable:uint8 isSpaceAvailable:uint8
 * response  useTrunkFile:uint8 count:int32 count × (groupName[17] totalMb freeMb reservedMb
 *           availableMb trunkFreeMb (int64 each) isDiskAvailable:uint8 isTrunkAvailable:uint8)
 */
export const volumeStat: Command<VolumeFilter, VolumeStat> = {
  // Spelled as FastDFS spells it.
  name: 'SERVER_STORAGE_VOLUMN_STAT',
  code: 98,
  encodeRequest(filter) {
    return new FieldWriter()
      .uint8(
        (filter.isDiskAvailable === null ? 0 : FILTER_DISK) |
          (filter.isTrunkAvailable === null ? 0 : FILTER_TRUNK) |
          (filter.isSpaceAvailable === null ? 0 : FILTER_SPACE),
      )
      .uint8(filter.isDiskAvailable ? 1 : 0)
      .uint8(filter.isTrunkAvailable ? 1 : 0)
      .uint8(filter.isSpaceAvailable ? 1 : 0)
      .toBuffer();
  },
  decodeRequest(body) {
    const fields = new FieldReader(body);
    const filterBy = fields.uint8();
    const disk = fields.uint8() !== 0;
    const trunk = fields.uint8() !== 0;
    const space = fields.uint8() !== 0;
    fields.end();
    return {
      isDiskAvailable: filterBy & FILTER_DISK ? disk : null,
      isTrunkAvailable: filterBy & FILTER_TRUNK ? trunk : null,
      isSpaceAvailable: filterBy & FILTER_SPACE ? space : null,
    };
  },
  encodeResponse({ useTrunkFile, groups }) {
    const fields = new FieldWriter().uint8(useTrunkFile ? 1 : 0).int32(groups.length);
    for (const group of groups) {
      fields.text(group.groupName, GROUP_NAME_RECORD_SIZE);
      fields.int64(group.totalMb).int64(group.freeMb).int64(group.reservedMb);
      fields.int64(group.availableMb).int64(group.trunkFreeMb);
      fields.uint8(group.isDiskAvailable ? 1 : 0).uint8(group.isTrunkAvailable ? 1 : 0);
    }
    return fields.toBuffer();
  },
  decodeResponse(body) {
    const fields = new FieldReader(body);
    const useTrunkFile = fields.uint8() !== 0;
    const groups = readRecords(fields, fields.int32(), VOLUME_SIZE, () => ({
      groupName: fields.text(GROUP_NAME_RECORD_SIZE),
      totalMb: fields.int64(),
      freeMb: fields.int64(),
      reservedMb: fields.int64(),
      availableMb: fields.int64(),
      trunkFreeMb: fields.int64(),
      isDiskAvailable: fields.uint8() !== 0,
      isTrunkAvailable: fields.uint8() !== 0,
    }));
    return { useTrunkFile, groups };
  },
};
