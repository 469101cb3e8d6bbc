import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import type { StoreTarget, StoreTargets } from '../fastdfs/protocol/commands/query-store.ts';
import { STORE_PATH_INDEX_ANY, STORE_PATH_INDEX_MAX } from '../fastdfs/protocol/constants.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import { BlobStoreError } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { hasStatus, isFastdfsFailure } from './fastdfs-errors.ts';

/**
 * Finds storage servers for one file, each at most once. The tracker is asked first and balances
 * the load; it goes on naming a dead server for minutes, so a server that failed lately is replaced
 * by another one of its group, then by one of another group, and tried only when nothing else is
 * left.
 */
export class UploadTargets {
  readonly #cluster: Cluster;
  readonly #groupName: string | null;
  readonly #signal: AbortSignal;
  readonly #tried = new Set<string>();

  constructor(cluster: Cluster, groupName: string | null, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#groupName = groupName;
    this.#signal = signal;
  }

  /** Null when all were tried. Rejects as `TrackerClient` does when no tracker names any. */
  async next(): Promise<StoreTarget | null> {
    const { health } = this.#cluster;
    const named = await this.#askTracker();
    if (this.#isUntried(named) && !health.isAvoided(named, 'write')) return this.#take(named);
    const avoided: StoreTarget[] = [];
    for await (const target of this.#others(named.groupName)) {
      if (!this.#isUntried(target)) continue;
      if (!health.isAvoided(target, 'write')) return this.#take(target);
      avoided.push(target);
    }
    const [lastResort] = avoided;
    return lastResort === undefined ? null : this.#take(lastResort);
  }

  /** What failed may have been an answer of a moment ago, so only the first may be one. */
  async #askTracker(): Promise<StoreTarget> {
    const { trackers, storeAnswers } = this.#cluster;
    try {
      return this.#tried.size === 0
        ? await storeAnswers.next(this.#groupName, this.#signal)
        : await trackers.queryStore(this.#groupName, this.#signal);
    } catch (error) {
      if (hasStatus(error, FASTDFS_STATUS.notFound)) await this.#checkGroup(error);
      throw error;
    }
  }

  /** Trackers say the same of a group that does not exist and of one that is down. */
  async #checkGroup(cause: Error): Promise<void> {
    if (this.#groupName === null) return;
    const members = await this.#cluster.view.membersOf(this.#groupName);
    if (members.length > 0) return;
    const message = `No tracker lists the FastDFS group ${this.#groupName}.`;
    throw new BlobStoreError('no-such-group', message, { cause });
  }

  /** Writable storage servers of the group, then of the other groups that may take the file. */
  async *#others(groupName: string): AsyncGenerator<StoreTarget, void, void> {
    yield* await this.#storagesOf(groupName);
    if (this.#groupName !== null) return;
    for (const { groupName: other, members } of await this.#cluster.view.groups()) {
      if (other === groupName || !members.some(({ isWritable }) => isWritable)) continue;
      yield* await this.#storagesOf(other);
    }
  }

  async #storagesOf(groupName: string): Promise<StoreTarget[]> {
    try {
      return spread(await this.#cluster.trackers.queryStoreAll(groupName, this.#signal));
    } catch (error) {
      // A group without space or servers is passed over.
      if (isFastdfsFailure(error)) return [];
      throw error;
    }
  }

  #isUntried(address: ServerAddress): boolean {
    return !this.#tried.has(renderAddress(address));
  }

  #take(target: StoreTarget): StoreTarget {
    this.#tried.add(renderAddress(target));
    // The tracker may name a path that an upload has no number for.
    return target.storePathIndex <= STORE_PATH_INDEX_MAX
      ? target
      : { ...target, storePathIndex: STORE_PATH_INDEX_ANY };
  }
}

/** In an order of chance, so that what fell on one server does not all move to the next. */
function spread({ groupName, storages }: StoreTargets): StoreTarget[] {
  const start = Math.floor(Math.random() * storages.length);
  return [...storages.slice(start), ...storages.slice(0, start)].map((storage) => ({
    groupName,
    ...storage,
    storePathIndex: STORE_PATH_INDEX_ANY,
  }));
}
