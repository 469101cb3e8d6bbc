import type { ServerAddress } from '../fastdfs/client/server-address.ts';
import type { GroupRecord } from '../fastdfs/protocol/commands/list-groups.ts';
import type { StorageRecord } from '../fastdfs/protocol/commands/list-storages.ts';
import type { FileSource } from '../fastdfs/protocol/file-name-fields.ts';
import {
  RW_MODE_BOTH,
  RW_MODE_READ,
  RW_MODE_WRITE,
  STORAGE_STATUS_ACTIVE,
  STORAGE_STATUS_DELETED,
  STORAGE_STATUS_IP_CHANGED,
} from '../fastdfs/protocol/storage-status.ts';

/** A storage server as the trackers saw it. */
export interface StorageServer extends ServerAddress {
  readonly groupName: string;
  /** Its address where the cluster has no storage ids. */
  readonly id: string;
  /** ACTIVE, and its mode permits. */
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  /** Free space of all its store paths. */
  readonly freeMib: number;
  /** What it and the trackers keep free; that of its group where the version does not tell. */
  readonly reservedMib: number;
  /** It has the files that its peers took up to then: seconds since 1970 on their clocks. */
  readonly lastSyncedS: number;
  readonly record: StorageRecord;
}

export interface StorageGroup {
  readonly groupName: string;
  /** Of the writable storage server with the least free space. */
  readonly totalMib: number;
  readonly freeMib: number;
  readonly reservedMib: number;
  readonly members: readonly StorageServer[];
}

export interface GroupListing {
  readonly group: GroupRecord;
  readonly storages: readonly StorageRecord[];
}

/** Groups and storage servers as a tracker listed them at one moment. */
export class ClusterSnapshot {
  /** In the order of the tracker, which is that of their names. */
  readonly groups: readonly StorageGroup[];
  readonly #byName: ReadonlyMap<string, StorageGroup>;
  /** By group name and source, as `sourceName` writes them. */
  readonly #sources: ReadonlyMap<string, StorageServer>;

  constructor(listings: readonly GroupListing[]) {
    this.groups = listings.map(toGroup);
    this.#byName = new Map(this.groups.map((group) => [group.groupName, group]));
    this.#sources = new Map(this.groups.flatMap(sourcesOf));
  }

  findGroup(groupName: string): StorageGroup | null {
    return this.#byName.get(groupName) ?? null;
  }

  /** The storage server that took the upload of a file, if it is listed. */
  findSource(groupName: string, source: FileSource): StorageServer | null {
    return this.#sources.get(sourceName(groupName, source)) ?? null;
  }

  /** All storage servers, whatever their status. */
  get servers(): StorageServer[] {
    return this.groups.flatMap(({ members }) => members);
  }
}

function toGroup({ group, storages }: GroupListing): StorageGroup {
  const { groupName, totalMb: totalMib, freeMb: freeMib } = group;
  const reservedMib = group.reservedMb ?? 0;
  const members = storages.map((record) => toStorageServer(record, groupName, reservedMib));
  return { groupName, totalMib, freeMib, reservedMib, members };
}

function toStorageServer(
  record: StorageRecord,
  groupName: string,
  groupReservedMib: number,
): StorageServer {
  const { host, port, id, status, freeMb: freeMib } = record;
  const mode = status === STORAGE_STATUS_ACTIVE ? (record.rwMode ?? RW_MODE_BOTH) : 0;
  return {
    host,
    port,
    groupName,
    id,
    isReadable: (mode & RW_MODE_READ) !== 0,
    isWritable: (mode & RW_MODE_WRITE) !== 0,
    freeMib,
    reservedMib: record.reservedMb ?? groupReservedMib,
    lastSyncedS: record.stat.lastSyncedTimestamp,
    record,
  };
}

/**
 * Whether nobody will ever answer under that address again. The tracker forgets such a server at
 * its next start (`tracker_save_storages` in tracker_mem.c).
 */
export function hasLeftCluster({ record: { status } }: StorageServer): boolean {
  return status === STORAGE_STATUS_DELETED || status === STORAGE_STATUS_IP_CHANGED;
}

function sourcesOf({ groupName, members }: StorageGroup): (readonly [string, StorageServer])[] {
  return members.flatMap((server) => {
    // Names of files hold the number of an id, which may be written with zeros in front.
    const isNumber = /^\d+$/.test(server.id);
    const names = [`${groupName}/${isNumber ? Number(server.id) : server.id}`];
    // Without storage ids the id is the address. A cluster that changed to ids still has files
    // with addresses in their names, which say nothing once two servers share a host.
    const isAlone = members.every((other) => other === server || other.host !== server.host);
    if (isAlone) names.push(`${groupName}/${server.host}`);
    return names.map((name) => [name, server] as const);
  });
}

function sourceName(groupName: string, source: FileSource): string {
  return `${groupName}/${'host' in source ? source.host : source.storageId}`;
}
