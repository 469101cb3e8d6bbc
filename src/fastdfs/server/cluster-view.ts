import type { GroupRecord } from '../protocol/commands/list-groups.ts';
import type { StorageRecord } from '../protocol/commands/list-storages.ts';
import type { TrackerParameters } from '../protocol/commands/parameters.ts';
import type { FetchTarget, FetchTargets } from '../protocol/commands/query-fetch.ts';
import type { StoreTarget, StoreTargets } from '../protocol/commands/query-store.ts';
import type { FileIdParts } from '../protocol/file-id.ts';
import type { TrackerFaults } from './faults.ts';
import { groupRecordOf, storageRecordOf } from './member-records.ts';
import { readCandidates, SYNC_DELAY_SECONDS_MAX, sourceOf } from './read-candidates.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import { RoundRobin } from './round-robin.ts';
import { isWritable, type StorageMember } from './storage-member.ts';

export interface ClusterViewOptions {
  readonly faults: TrackerFaults;
  /** Seconds since 1970. */
  readonly startedAt: number;
  /** All storage servers, whatever their status, as this tracker sees them now; asked every time. */
  readonly members: () => readonly StorageMember[];
  /** Storage servers are named by numbers instead of by their addresses. */
  readonly usesStorageIds: boolean;
  /** `host:port` of the trackers that run, the leader first; asked every time. Default: this one. */
  readonly trackers?: () => readonly string[];
}

/** What one tracker knows: groups of storage servers, and whose turn it is. */
export class ClusterView {
  readonly faults: TrackerFaults;
  readonly startedAt: number;
  readonly usesStorageIds: boolean;
  readonly #members: () => readonly StorageMember[];
  readonly #trackers: () => readonly string[];
  readonly #turns = new RoundRobin();
  /** `host:port` of the tracker itself; known once it listens. */
  trackerAddress = '';

  constructor(options: ClusterViewOptions) {
    this.faults = options.faults;
    this.startedAt = options.startedAt;
    this.usesStorageIds = options.usesStorageIds;
    this.#members = options.members;
    this.#trackers = options.trackers ?? (() => [this.trackerAddress]);
  }

  /** `host:port` of all that run; the first one leads. */
  get trackerAddresses(): readonly string[] {
    return this.#trackers();
  }

  get isLeader(): boolean {
    return this.trackerAddresses[0] === this.trackerAddress;
  }

  /** In the order of their names. */
  get groupNames(): readonly string[] {
    return [...new Set(this.#members().map(({ groupName }) => groupName))].sort();
  }

  /** The storage servers of a group, ordered by id. Throws 2 for a group that nobody is in. */
  membersOf(groupName: string): readonly StorageMember[] {
    const members = this.#members().filter((member) => member.groupName === groupName);
    if (members.length === 0) throw new RefusedRequest(errno.ENOENT, `unknown group ${groupName}`);
    return members.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Throws 2 for an unknown group or storage server. */
  memberById(groupName: string, id: string): StorageMember {
    return this.#found(
      this.membersOf(groupName).find((member) => member.id === id),
      id,
    );
  }

  /** The same by address; the port tells servers apart only where storage ids are on. */
  memberByAddress(groupName: string, host: string, port: number): StorageMember {
    return this.#found(
      this.membersOf(groupName).find(
        (member) => member.host === host && (!this.usesStorageIds || member.port === port),
      ),
      `${host}:${port}`,
    );
  }

  /** Where to upload. Throws 2 when no storage server is usable, 28 when all of them are full. */
  storeTarget(groupName?: string): StoreTarget {
    const group = this.#storeGroup(groupName);
    const { host, port } = this.#turns.next(`store ${group.groupName}`, group.writable);
    return { groupName: group.groupName, host, port, storePathIndex: 0 };
  }

  storeTargets(groupName?: string): StoreTargets {
    const group = this.#storeGroup(groupName);
    return {
      groupName: group.groupName,
      storages: group.writable.map(({ host, port }) => ({ host, port })),
      storePathIndex: 0,
    };
  }

  /** Where a file may be: a tracker does not know whether it exists. Throws 2 when all are down. */
  fetchTargets({ groupName, fileName }: FileIdParts): FetchTargets {
    return {
      groupName,
      storages: this.#readable(groupName, fileName).map(({ host, port }) => ({ host, port })),
    };
  }

  /** One of them in turn. */
  fetchTarget({ groupName, fileName }: FileIdParts): FetchTarget {
    const candidates = this.#readable(groupName, fileName);
    const { host, port } = this.#turns.next(`fetch ${groupName}`, candidates);
    return { groupName, host, port };
  }

  /** The file's source while that is usable, else any writable one in turn. */
  updateTarget({ groupName, fileName }: FileIdParts): FetchTarget {
    const writable = this.membersOf(groupName).filter(isWritable);
    if (writable.length === 0) throw noUsableServer();
    const source = sourceOf(writable, fileName);
    const { host, port } = source ?? this.#turns.next(`update ${groupName}`, writable);
    return { groupName, host, port };
  }

  groupRecord(groupName: string): GroupRecord {
    return groupRecordOf(groupName, this.membersOf(groupName));
  }

  storageRecords(groupName: string, storageId: string | null): readonly StorageRecord[] {
    return storageId === null
      ? this.membersOf(groupName).map(storageRecordOf)
      : [storageRecordOf(this.memberById(groupName, storageId))];
  }

  /** Lines `id group ip:port`, in the order of the ids; none where storage ids are off. */
  storageIds(): readonly string[] {
    if (!this.usesStorageIds) return [];
    return this.groupNames
      .flatMap((groupName) => this.membersOf(groupName))
      .map(({ id, groupName, host, port }) => `${id} ${groupName} ${host}:${port}`);
  }

  /** The settings of a 6.16 tracker that concern clients, as they are in effect here. */
  parameters(): TrackerParameters {
    const [first] = this.groupNames;
    const reservedMb = first === undefined ? 0 : this.groupRecord(first).reservedMb;
    return new Map([
      ['use_storage_id', this.usesStorageIds ? '1' : '0'],
      ['id_type_in_filename', this.usesStorageIds ? 'id' : 'ip'],
      ['trust_storage_server_id', '1'],
      ['response_ip_addr_size', this.faults.layout.addressSize === 46 ? '46' : '16'],
      ['storage_ip_changed_auto_adjust', '1'],
      ['storage_sync_file_max_delay', String(SYNC_DELAY_SECONDS_MAX)],
      ['store_path', '0'],
      ['reserved_storage_space', `${reservedMb}MB`],
      ['use_trunk_file', '0'],
      ['store_slave_file_use_link', '0'],
    ]);
  }

  #readable(groupName: string, fileName: string): readonly StorageMember[] {
    const members = this.membersOf(groupName);
    const candidates = readCandidates(members, fileName, Math.floor(Date.now() / 1000));
    if (candidates.length === 0) throw noUsableServer();
    return candidates;
  }

  /** Groups take turns, without those that have no writable server or no space (protocol, 10.2). */
  #storeGroup(wanted?: string): WritableGroup {
    const groups = (wanted === undefined ? this.groupNames : [wanted])
      .map((groupName) => ({ groupName, writable: this.membersOf(groupName).filter(isWritable) }))
      .filter(({ writable }) => writable.length > 0);
    if (groups.length === 0) throw noUsableServer();
    const withRoom = groups.filter(({ writable }) =>
      writable.every((member) => member.space().hasRoom),
    );
    if (withRoom.length === 0) {
      throw new RefusedRequest(errno.ENOSPC, 'every group is at its reserve');
    }
    return this.#turns.next('group', withRoom);
  }

  #found(member: StorageMember | undefined, what: string): StorageMember {
    if (member) return member;
    throw new RefusedRequest(errno.ENOENT, `unknown storage server ${what}`);
  }
}

interface WritableGroup {
  readonly groupName: string;
  readonly writable: readonly StorageMember[];
}

function noUsableServer(): RefusedRequest {
  return new RefusedRequest(errno.ENOENT, 'no usable storage server');
}
