import type { ServerAddress } from '../fastdfs/client/server-address.ts';
import type { Cluster } from './cluster.ts';
import type { StorageGroup, StorageServer } from './cluster-snapshot.ts';
import { isActive } from './placement.ts';

/** How well a storage server suits a file; the smaller the better. */
export const FITNESS = {
  good: 0,
  /** Its group has too few storage servers that could confirm a file for `minReplicas`. */
  fewReplicas: 1,
  /** It failed lately, or only one of the trackers sees it as ACTIVE. */
  avoided: 2,
  /** From here on none gets the file. This group has too few ACTIVE members. */
  tooFewReplicas: 3,
  noSpace: 4,
  notWritable: 5,
} as const;
export type Fitness = (typeof FITNESS)[keyof typeof FITNESS];

const MIB = 2 ** 20;

/** Judges groups and storage servers for one file of `size` bytes by what the view says of them. */
export class FitnessJudge {
  readonly #cluster: Cluster;
  readonly #size: number;

  constructor(cluster: Cluster, size: number) {
    this.#cluster = cluster;
    this.#size = size;
  }

  /**
   * A server that is not in the view is taken on trust. One that a tracker names for the file,
   * `isNamed`, is worth a try when the view says that it is not ACTIVE: the view may be that of
   * another tracker, which has just started and sees none as ACTIVE yet.
   */
  fitnessOf(address: ServerAddress, group: StorageGroup | null, isNamed = false): Fitness {
    const server = group?.members.find(
      ({ host, port }) => host === address.host && port === address.port,
    );
    const isDoubtful = server?.isWritable === false;
    if (isDoubtful && !isNamed) return FITNESS.notWritable;
    // Trackers pass over a group when its fullest member is at the reserve.
    if (group !== null && group.freeMib <= group.reservedMib) return FITNESS.noSpace;
    if (server && !this.#hasSpace(server)) return FITNESS.noSpace;
    const outlook = group === null ? FITNESS.good : this.#replicaOutlook(group);
    if (outlook === FITNESS.tooFewReplicas) return outlook;
    const isAvoided = isDoubtful || this.#cluster.health.isAvoided(address, 'write');
    return isAvoided ? FITNESS.avoided : outlook;
  }

  isGood(group: StorageGroup): boolean {
    return group.members.some((server) => this.fitnessOf(server, group) === FITNESS.good);
  }

  /** Whether as many members as asked for could confirm a file now. */
  #replicaOutlook({ members }: StorageGroup): Fitness {
    const { health, writes } = this.#cluster;
    if (writes.minReplicas === 1) return FITNESS.good;
    const active = members.filter(isActive);
    if (active.length < writes.minReplicas && writes.replicaWaitFailure === 'fail') {
      return FITNESS.tooFewReplicas;
    }
    // One that failed lately may confirm in time all the same.
    const answering = active.filter((server) => !health.isAvoided(server, 'read'));
    return answering.length < writes.minReplicas ? FITNESS.fewReplicas : FITNESS.good;
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
