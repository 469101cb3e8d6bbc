import type { FileSource } from '../protocol/file-name-fields.ts';
import type { StorageStat } from '../protocol/storage-stat.ts';
import {
  RW_MODE_BOTH,
  RW_MODE_READ,
  RW_MODE_WRITE,
  STORAGE_STATUS_ACTIVE,
} from '../protocol/storage-status.ts';
import type { TrackerFaults } from './faults.ts';
import type { ResolvedSettings } from './settings.ts';
import type { StorageContext } from './storage-context.ts';

/** A storage server as one tracker sees it. Times are in seconds since 1970. */
export interface StorageMember {
  readonly groupName: string;
  /** Its IPv4 address, or a number where storage ids are on. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** A number of `storage-status.ts`. */
  readonly status: number;
  /** Bits of `storage-status.ts`. */
  readonly rwMode: number;
  readonly joinTime: number;
  /** 0 while it is not connected to the tracker. */
  readonly upTime: number;
  readonly subdirCountPerPath: number;
  space(): MemberSpace;
  stat(): StorageStat;
}

/** Bytes, and whether a tracker may send uploads. */
export interface MemberSpace {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly reservedBytes: number;
  readonly hasRoom: boolean;
}

export function isReadable({ status, rwMode }: StorageMember): boolean {
  return status === STORAGE_STATUS_ACTIVE && (rwMode & RW_MODE_READ) !== 0;
}

export function isWritable({ status, rwMode }: StorageMember): boolean {
  return status === STORAGE_STATUS_ACTIVE && (rwMode & RW_MODE_WRITE) !== 0;
}

export function isSource(member: StorageMember, source: FileSource): boolean {
  return member.id === ('host' in source ? source.host : String(source.storageId));
}

/** The storage server of an embedded node, which its tracker sees without any delay. */
export function soleMember(
  settings: ResolvedSettings,
  { store, statistics }: StorageContext,
  port: number,
  faults: TrackerFaults,
): StorageMember {
  const host = () => faults.storageAddress?.host ?? settings.advertisedHost;
  return {
    groupName: settings.groupName,
    get id() {
      return host();
    },
    get host() {
      return host();
    },
    get port() {
      return faults.storageAddress?.port ?? port;
    },
    get status() {
      return faults.storageStatus ?? STORAGE_STATUS_ACTIVE;
    },
    rwMode: RW_MODE_BOTH,
    joinTime: statistics.startedAt,
    upTime: statistics.startedAt,
    subdirCountPerPath: settings.subdirCountPerPath,
    space: () => ({
      ...store.space.measure(),
      reservedBytes: store.space.reservedBytes,
      hasRoom: store.space.hasRoomFor(1),
    }),
    stat: () => statistics.snapshot(),
  };
}
