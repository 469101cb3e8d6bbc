import { emptyStorageStat, type StorageStat } from '../../../src/fastdfs/protocol/storage-stat.ts';
import { STORAGE_STATUS_ACTIVE } from '../../../src/fastdfs/protocol/storage-status.ts';
import type { MemberSpace, StorageMember } from '../../../src/fastdfs/server/storage-member.ts';
import type { StorageNode } from './storage-node.ts';

const STATUS_OFFLINE = 5;

/** What one tracker knows of one storage server: what its last heartbeat said. */
export class Membership implements StorageMember {
  readonly node: StorageNode;
  readonly joinTime = nowSeconds();
  status = STATUS_OFFLINE;
  rwMode = 0;
  upTime = 0;
  #space: MemberSpace = { totalBytes: 0, freeBytes: 0, reservedBytes: 0, hasRoom: false };
  #stat: StorageStat = emptyStorageStat();
  #heardAtMs = Number.NEGATIVE_INFINITY;

  constructor(node: StorageNode) {
    this.node = node;
  }

  get groupName(): string {
    return this.node.groupName;
  }

  get id(): string {
    return this.node.id;
  }

  get host(): string {
    return this.node.advertisedAddress.host;
  }

  get port(): number {
    return this.node.advertisedAddress.port;
  }

  get subdirCountPerPath(): number {
    return this.node.subdirCountPerPath;
  }

  space(): MemberSpace {
    return this.#space;
  }

  stat(): StorageStat {
    return this.#stat;
  }

  /** Takes a heartbeat. `activePeers` are the other ones of the group that the tracker has ACTIVE. */
  hear(activePeers: readonly Membership[]): void {
    const { node } = this;
    const { context } = node;
    if (context === null) return;
    const measured = context.store.space.measure();
    const freeBytes = node.reportedFreeBytes ?? measured.freeBytes;
    this.status = node.status;
    this.rwMode = node.rwMode;
    this.upTime = context.statistics.startedAt;
    this.#space = {
      totalBytes: measured.totalBytes,
      freeBytes,
      reservedBytes: node.reservedBytes,
      hasRoom: freeBytes > node.reservedBytes,
    };
    this.#stat = {
      ...context.statistics.snapshot(),
      lastSyncedTimestamp: this.#syncedUpTo(activePeers),
    };
    this.#heardAtMs = performance.now();
  }

  /** Its connection to the tracker broke. */
  lose(): void {
    this.status = STATUS_OFFLINE;
    this.upTime = 0;
  }

  isSilentFor(ms: number): boolean {
    return performance.now() - this.#heardAtMs > ms;
  }

  /** The least over the peers that ever sent something; kept while no such peer is ACTIVE. */
  #syncedUpTo(activePeers: readonly Membership[]): number {
    const times = activePeers
      .filter(({ status }) => status === STORAGE_STATUS_ACTIVE)
      .map(({ id }) => this.node.syncedFrom.get(id) ?? 0)
      .filter((time) => time > 0);
    return times.length === 0 ? this.#stat.lastSyncedTimestamp : Math.min(...times);
  }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
