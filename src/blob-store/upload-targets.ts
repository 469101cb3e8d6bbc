import { FastdfsStatusError, TrackersUnreachableError } from '../fastdfs/client/errors.ts';
import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import type { StoreTarget } from '../fastdfs/protocol/commands/query-store.ts';
import { STORE_PATH_INDEX_ANY, STORE_PATH_INDEX_MAX } from '../fastdfs/protocol/constants.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import { BlobStoreError } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import type { StorageGroup } from './cluster-snapshot.ts';
import { hasStatus } from './fastdfs-errors.ts';
import { FITNESS, type Fitness, FitnessJudge } from './upload-fitness.ts';

/** What is to be stored where. */
export interface UploadRequest {
  /** Bytes; above 0. */
  readonly size: number;
  /** Group that must take the file; any may when null. */
  readonly groupName: string | null;
  readonly signal: AbortSignal;
}

interface Candidate {
  readonly target: StoreTarget;
  readonly fitness: Fitness;
}

/** Without trackers uploads go on for so long by what they said last. */
const TRACKERLESS_MS_MAX = 60_000;

/**
 * Finds storage servers for one file, each at most once. A tracker is asked first; what it names
 * may be dead for minutes, full for a file of this size, or lack replicas. Then the view tells
 * others: of the same group, of the other groups, and at last those that failed lately.
 */
export class UploadTargets {
  readonly #cluster: Cluster;
  readonly #request: UploadRequest;
  readonly #judge: FitnessJudge;
  readonly #tried = new Set<string>();

  constructor(cluster: Cluster, request: UploadRequest) {
    this.#cluster = cluster;
    this.#request = request;
    this.#judge = new FitnessJudge(cluster, request.size);
  }

  /**
   * Null when all were tried. Rejects with `BlobStoreError` when none was and none may, and as
   * `TrackerClient` does when no tracker names any.
   */
  async next(): Promise<StoreTarget | null> {
    const named = this.#tried.size === 0 ? await this.#askTracker() : null;
    if (named !== null) {
      const { view } = this.#cluster;
      // The view is nearly always there, so nobody waits for it.
      const group =
        view.snapshot?.findGroup(named.groupName) ?? (await view.findGroup(named.groupName));
      const fitness = this.#judge.fitnessOf(named, group, true);
      if (fitness === FITNESS.good) return this.#take(named);
    }
    const candidates = await this.#candidates(named);
    const [best] = candidates.sort((first, second) => first.fitness - second.fitness);
    if (best !== undefined && best.fitness <= FITNESS.avoided) return this.#take(best.target);
    if (this.#tried.size === 0) throw this.#refusal(best?.fitness ?? FITNESS.notWritable);
    return null;
  }

  /** Null when the view has to do without: for a while after the last tracker went away. */
  async #askTracker(): Promise<StoreTarget | null> {
    const { storeAnswers, view } = this.#cluster;
    const { groupName, signal } = this.#request;
    try {
      const placed = groupName === null ? await this.#askForPlaced() : null;
      return placed ?? (await storeAnswers.next(groupName, signal));
    } catch (error) {
      if (hasStatus(error, FASTDFS_STATUS.notFound)) await this.#checkGroup(error);
      if (!(error instanceof TrackersUnreachableError) || view.ageMs > TRACKERLESS_MS_MAX) {
        throw error;
      }
      return null;
    }
  }

  /** Trackers say the same of a group that does not exist and of one that is down. */
  async #checkGroup(cause: Error): Promise<void> {
    const { groupName } = this.#request;
    if (groupName === null || (await this.#cluster.view.findGroup(groupName)) !== null) return;
    const message = `No tracker lists the FastDFS group ${groupName}.`;
    throw new BlobStoreError('no-such-group', message, { cause });
  }

  /** In the group that our own placement chose; null when none did, or no tracker agrees. */
  async #askForPlaced(): Promise<StoreTarget | null> {
    const { view, groupOrder, storeAnswers, writes } = this.#cluster;
    if (writes.placement === 'tracker') return null;
    const group = groupOrder.next(
      await view.groups(),
      (candidate) => this.#isAllowed(candidate.groupName) && this.#judge.isGood(candidate),
    );
    if (group === null) return null;
    try {
      return await storeAnswers.next(group.groupName, this.#request.signal);
    } catch (error) {
      if (error instanceof FastdfsStatusError) return null;
      throw error;
    }
  }

  /** What the tracker named, then the storage servers of its group, then those of the others. */
  async #candidates(named: StoreTarget | null): Promise<Candidate[]> {
    const groups = (await this.#cluster.view.groups()).filter(({ groupName }) =>
      this.#isAllowed(groupName),
    );
    const own = groups.find(({ groupName }) => groupName === named?.groupName) ?? null;
    const others = this.#cluster.groupOrder.inOrder(groups.filter((group) => group !== own));
    const candidates = named === null ? [] : [this.#candidate(named, own, true)];
    for (const group of own === null ? others : [own, ...others]) {
      for (const target of targetsIn(group)) candidates.push(this.#candidate(target, group));
    }
    return candidates.filter(({ target }) => !this.#tried.has(renderAddress(target)));
  }

  #isAllowed(groupName: string): boolean {
    return groupName === (this.#request.groupName ?? groupName);
  }

  #candidate(target: StoreTarget, group: StorageGroup | null, isNamed = false): Candidate {
    return { target, fitness: this.#judge.fitnessOf(target, group, isNamed) };
  }

  #take(target: StoreTarget): StoreTarget {
    this.#tried.add(renderAddress(target));
    // The tracker may name a path that an upload has no number for.
    return target.storePathIndex <= STORE_PATH_INDEX_MAX
      ? target
      : { ...target, storePathIndex: STORE_PATH_INDEX_ANY };
  }

  #refusal(best: Fitness): BlobStoreError {
    const { size, groupName } = this.#request;
    const nobodyHas = groupName === null ? 'no group has' : `group ${groupName} does not have`;
    if (best === FITNESS.noSpace) {
      const problem = `${nobodyHas} space for a file of ${size} bytes above its reserve`;
      return new BlobStoreError('no-space', problem);
    }
    const { minReplicas } = this.#cluster.writes;
    const problem =
      best === FITNESS.tooFewReplicas
        ? `${nobodyHas} the ${minReplicas} ACTIVE storage servers that each file is to reach`
        : `${nobodyHas} a storage server that takes uploads`;
    return new BlobStoreError('unavailable', problem);
  }
}

/** In an order of chance, so that what fell on one server does not all move to the next. */
function targetsIn({ groupName, members }: StorageGroup): StoreTarget[] {
  const start = Math.floor(Math.random() * members.length);
  return [...members.slice(start), ...members.slice(0, start)].map(
    ({ host, port }: ServerAddress) => ({
      groupName,
      host,
      port,
      storePathIndex: STORE_PATH_INDEX_ANY,
    }),
  );
}
