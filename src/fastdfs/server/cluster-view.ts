import type { GroupRecord } from '../protocol/commands/list-groups.ts';
import type { StorageRecord } from '../protocol/commands/list-storages.ts';
import type { TrackerParameters } from '../protocol/commands/parameters.ts';
import type { FetchTarget } from '../protocol/commands/query-fetch.ts';
import type { StoreTarget, StoreTargets } from '../protocol/commands/query-store.ts';
import { RW_MODE_BOTH, STORAGE_STATUS_ACTIVE } from '../protocol/storage-status.ts';
import type { TrackerFaults } from './faults.ts';
import { errno, RefusedRequest } from './refused-request.ts';
import type { ResolvedSettings } from './settings.ts';
import type { SpaceMonitor } from './space.ts';
import type { Statistics } from './statistics.ts';

/** The FastDFS version whose behaviour this is. */
const SERVER_VERSION = '6.16.1';

const MIB = 1024 * 1024;

/** What the tracker knows: one group with one storage server, in the same process. */
export class ClusterView {
  readonly faults: TrackerFaults;
  readonly startedAt: number;
  readonly #settings: ResolvedSettings;
  readonly #space: SpaceMonitor;
  readonly #statistics: Statistics;
  readonly #storagePort: number;
  /** The port that the tracker got; known once it listens. */
  trackerPort = 0;

  constructor(options: {
    settings: ResolvedSettings;
    faults: TrackerFaults;
    space: SpaceMonitor;
    statistics: Statistics;
    /** The port that the storage server got. */
    storagePort: number;
  }) {
    this.#settings = options.settings;
    this.faults = options.faults;
    this.#space = options.space;
    this.#statistics = options.statistics;
    this.#storagePort = options.storagePort;
    this.startedAt = options.statistics.startedAt;
  }

  get groupName(): string {
    return this.#settings.groupName;
  }

  /** `host:port` of the tracker itself. */
  get trackerAddress(): string {
    return `${this.#settings.advertisedHost}:${this.trackerPort}`;
  }

  get storageHost(): string {
    return this.faults.storageAddress?.host ?? this.#settings.advertisedHost;
  }

  get storagePort(): number {
    return this.faults.storageAddress?.port ?? this.#storagePort;
  }

  get storageStatus(): number {
    return this.faults.storageStatus ?? STORAGE_STATUS_ACTIVE;
  }

  /** Throws 2 for any group but the one there is. */
  requireGroup(groupName: string): void {
    if (groupName !== this.groupName) {
      throw new RefusedRequest(errno.ENOENT, `unknown group ${groupName}`);
    }
  }

  /** Throws 2 for any storage server but the one there is; its id is its address. */
  requireStorage(groupName: string, storageId: string): void {
    this.requireGroup(groupName);
    if (storageId !== this.storageHost) {
      throw new RefusedRequest(errno.ENOENT, `unknown storage server ${storageId}`);
    }
  }

  /** Where to upload. Throws 2 when the storage server is not usable, 28 when it is full. */
  storeTarget(groupName = this.groupName): StoreTarget {
    const target = this.fetchTarget(groupName);
    if (!this.#space.hasRoomFor(1)) {
      throw new RefusedRequest(errno.ENOSPC, 'the store path is at its reserve');
    }
    return { ...target, storePathIndex: 0 };
  }

  storeTargets(groupName?: string): StoreTargets {
    const { host, port, ...target } = this.storeTarget(groupName);
    return { ...target, storages: [{ host, port }] };
  }

  /** Where a file is: a tracker does not know whether it exists. */
  fetchTarget(groupName: string): FetchTarget {
    this.requireGroup(groupName);
    if (this.storageStatus !== STORAGE_STATUS_ACTIVE) {
      throw new RefusedRequest(errno.ENOENT, 'no usable storage server');
    }
    return { groupName, host: this.storageHost, port: this.storagePort };
  }

  groupRecord(groupName = this.groupName): GroupRecord {
    this.requireGroup(groupName);
    const usableCount = this.storageStatus === STORAGE_STATUS_ACTIVE ? 1 : 0;
    return {
      groupName,
      ...this.#spaceMb(),
      trunkFreeMb: 0,
      storageCount: 1,
      storagePort: this.storagePort,
      readableServerCount: usableCount,
      httpPortOrReadableServerCount: null,
      writableServerCount: usableCount,
      currentWriteServer: 0,
      storePathCount: 1,
      subdirCountPerPath: this.#settings.subdirCountPerPath,
      currentTrunkFileId: -1,
    };
  }

  storageRecord(groupName: string, storageId: string | null): StorageRecord {
    if (storageId === null) this.requireGroup(groupName);
    else this.requireStorage(groupName, storageId);
    return {
      status: this.storageStatus,
      rwMode: RW_MODE_BOTH,
      id: this.storageHost,
      host: this.storageHost,
      domainName: '',
      sourceStorageId: '',
      version: SERVER_VERSION,
      joinTime: this.startedAt,
      upTime: this.startedAt,
      ...this.#spaceMb(),
      uploadPriority: 10,
      storePathCount: 1,
      subdirCountPerPath: this.#settings.subdirCountPerPath,
      currentWritePath: 0,
      port: this.storagePort,
      httpPort: 0,
      stat: this.#statistics.snapshot(),
      isTrunkServer: false,
    };
  }

  /** The settings of a 6.16 tracker that concern clients, as they are in effect here. */
  parameters(): TrackerParameters {
    const addressSize = this.faults.layout.addressSize === 46 ? '46' : '16';
    return new Map([
      ['use_storage_id', '0'],
      ['id_type_in_filename', 'ip'],
      ['trust_storage_server_id', '1'],
      ['response_ip_addr_size', addressSize],
      ['storage_ip_changed_auto_adjust', '1'],
      ['storage_sync_file_max_delay', '86400'],
      ['store_path', '0'],
      ['reserved_storage_space', `${this.#spaceMb().reservedMb}MB`],
      ['use_trunk_file', '0'],
      ['store_slave_file_use_link', '0'],
    ]);
  }

  #spaceMb(): { totalMb: number; freeMb: number; reservedMb: number } {
    const { totalBytes, freeBytes } = this.#space.measure();
    return {
      totalMb: Math.floor(totalBytes / MIB),
      freeMb: Math.floor(freeBytes / MIB),
      reservedMb: Math.floor(this.#space.reservedBytes / MIB),
    };
  }
}
