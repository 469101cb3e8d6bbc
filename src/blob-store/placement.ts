import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import { STORAGE_STATUS_ACTIVE } from '../fastdfs/protocol/storage-status.ts';
import type { Cluster } from './cluster.ts';
import type { StorageGroup, StorageServer } from './cluster-snapshot.ts';

/**
 * Who chooses the group of a file that is not pinned to one.
 *
 * - `tracker`: the trackers, by `store_lookup` of their own settings.
 * - `free-space`: the group with the most space above its reserve.
 * - `round-robin`: one group after the other.
 *
 * The storage server and the store path in the group are the trackers' choice in any case: members
 * of a group hold the same files, so their free space says nothing about whose turn it is.
 */
export type Placement = 'tracker' | 'free-space' | 'round-robin';

export interface WriteSettings {
  readonly placement: Placement;
  /** Storage servers that must have a file before its upload is acknowledged; 1 to 32. */
  readonly minReplicas: number;
  /** How long an upload waits for that. */
  readonly replicaWaitMs: number;
  /** Whether a file that reaches fewer of them in time is an error, or is counted and kept. */
  readonly replicaWaitFailure: 'fail' | 'accept';
}

/** How well a storage server suits a file; the smaller the better. */
export const FITNESS = {
  good: 0,
  /** Its group has too few ACTIVE storage servers for `minReplicas`. */
  fewReplicas: 1,
  /** It failed lately. */
  avoided: 2,
  /** None of these gets the file. */
  tooFewReplicas: 3,
  noSpace: 4,
  notWritable: 5,
} as const;
export type Fitness = (typeof FITNESS)[keyof typeof FITNESS];

const MIB = 2 ** 20;

export function isActive({ record }: StorageServer): boolean {
  return record.status === STORAGE_STATUS_ACTIVE;
}

/** Judges groups and storage servers for one file of `size` bytes by what the view says of them. */
export class FitnessJudge {
  readonly #cluster: Cluster;
  readonly #size: number;

  constructor(cluster: Cluster, size: number) {
    this.#cluster = cluster;
    this.#size = size;
  }

  /** A server that is not in the view is taken on trust: the tracker has named it. */
  fitnessOf(address: ServerAddress, group: StorageGroup | undefined): Fitness {
    const name = renderAddress(address);
    const server = group?.members.find((member) => renderAddress(member) === name);
    if (server?.isWritable === false) return FITNESS.notWritable;
    if (server && !this.#hasSpace(server)) return FITNESS.noSpace;
    const { minReplicas, replicaWaitFailure } = this.#cluster.writes;
    const isShort = group !== undefined && group.members.filter(isActive).length < minReplicas;
    if (isShort && replicaWaitFailure === 'fail') return FITNESS.tooFewReplicas;
    if (this.#cluster.health.isAvoided(address, 'write')) return FITNESS.avoided;
    return isShort ? FITNESS.fewReplicas : FITNESS.good;
  }

  isGood(group: StorageGroup): boolean {
    return group.members.some((server) => this.fitnessOf(server, group) === FITNESS.good);
  }

  /**
   * What the storage server itself checks, on each store path: it refuses a file once the first
   * 256 KiB are there, and takes the rest, which is under way by then, for commands. So it must
   * not be asked. Files spread over the paths evenly, near enough.
   */
  #hasSpace({ freeMib, reservedMib, record }: StorageServer): boolean {
    const sizeMib = Math.ceil(this.#size / MIB);
    return freeMib - sizeMib * Math.max(record.storePathCount, 1) > reservedMib;
  }
}

/** Orders groups by the placement. Its turns are those of all uploads. */
export class GroupOrder {
  readonly #placement: Placement;
  #turn = 0;

  constructor(placement: Placement) {
    this.#placement = placement;
  }

  /** The group for the next file: the first good one in order; null leaves it to the trackers. */
  next(groups: readonly StorageGroup[], judge: FitnessJudge): StorageGroup | null {
    if (this.#placement === 'tracker') return null;
    return this.inOrder(groups).find((group) => judge.isGood(group)) ?? null;
  }

  inOrder(groups: readonly StorageGroup[]): StorageGroup[] {
    if (this.#placement === 'free-space') {
      const spaceOf = ({ freeMib, reservedMib }: StorageGroup) => freeMib - reservedMib;
      return [...groups].sort((first, second) => spaceOf(second) - spaceOf(first));
    }
    this.#turn = (this.#turn + 1) % Math.max(groups.length, 1);
    return [...groups.slice(this.#turn), ...groups.slice(0, this.#turn)];
  }
}
