import { STORAGE_STATUS_ACTIVE } from '../fastdfs/protocol/storage-status.ts';
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
  /**
   * How long an upload that is larger than a storage server's buffer waits behind the first buffer
   * for a refusal, where the server may be at its reserve; 0 does not wait.
   */
  readonly refusalWaitMs: number;
}

export function isActive({ record }: StorageServer): boolean {
  return record.status === STORAGE_STATUS_ACTIVE;
}

/** Orders groups by the placement. Its turns are those of all uploads. */
export class GroupOrder {
  readonly #placement: Placement;
  #turn = 0;

  constructor(placement: Placement) {
    this.#placement = placement;
  }

  /** The group for the next file: the first good one in order, if any. */
  next(
    groups: readonly StorageGroup[],
    isGood: (group: StorageGroup) => boolean,
  ): StorageGroup | null {
    return this.inOrder(groups).find(isGood) ?? null;
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
