import {
  FastdfsConnectionError,
  FastdfsStatusError,
  FastdfsTimeoutError,
} from '../fastdfs/client/errors.ts';
import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import { BlobStoreError } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { WrongSizeError } from './damaged-copies.ts';
import { hasStatus, isFastdfsFailure } from './fastdfs-errors.ts';
import { askServer } from './find-copies.ts';
import type { FileIdFacts } from './read-file-id.ts';
import { ReadRanking } from './read-ranking.ts';

/**
 * Storage servers to read one file from, the best first: one by one as `ReadRanking` orders them,
 * each once, and the source a second time at the very end if it failed for a reason that passes.
 * Trackers are asked only when the view of the cluster does not know the file's source.
 */
export class ReadTargets {
  readonly #cluster: Cluster;
  readonly #facts: FileIdFacts;
  readonly #signal: AbortSignal;
  readonly #ranking: ReadRanking;
  readonly #tried: string[] = [];
  /** Those that trackers named and that were not tried yet; null before they were asked. */
  #named: ServerAddress[] | null = null;
  #isSourceOnceMore = true;
  #isMissingAtSource = false;
  #isUnreachable = false;
  #lastFailure: Error | null = null;

  /** `isChecked`: wrong bytes would be noticed before they are all handed on. */
  constructor(cluster: Cluster, facts: FileIdFacts, isChecked: boolean, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#facts = facts;
    this.#signal = signal;
    this.#ranking = new ReadRanking(cluster, facts, isChecked);
  }

  /** The next one, when that is clear without asking anybody; else null. */
  nextKnown(): ServerAddress | null {
    const { isSourceKnown } = this.#ranking;
    if (this.#isDeleted) return null;
    return this.#take(isSourceKnown ? this.#ranking.best(this.#tried) : this.#sureOne());
  }

  /** The next one; null when there is none left. */
  async next(): Promise<ServerAddress | null> {
    if (this.#isDeleted) return null;
    if (!this.#ranking.isSourceKnown && this.#named === null) {
      const { groupName } = this.#facts.file;
      await this.#cluster.view.findSource(groupName, this.#facts.source);
      this.#ranking.look();
      const known = this.nextKnown();
      if (known !== null) return known;
      this.#named = this.#ranking.isSourceKnown ? [] : await this.#askTrackers();
    }
    const isUntried = (server: ServerAddress) => !this.#tried.includes(renderAddress(server));
    const named = this.#named?.find((server) => isUntried(server));
    return this.#take(named ?? this.#ranking.best(this.#tried)) ?? this.#sourceOnceMore();
  }

  /** Notes why the target was of no use, and tells those whom it concerns. */
  async failed(target: ServerAddress, error: Error): Promise<void> {
    const { health, view } = this.#cluster;
    this.#lastFailure = error;
    const isSource = this.#ranking.isSource(target);
    if (hasStatus(error, FASTDFS_STATUS.notFound)) {
      health.works(target, 'read');
      // One that is not in service now may be getting its files back.
      this.#isMissingAtSource ||= isSource && this.#ranking.isSourceInService;
    } else if (await this.#isDamaged(target, error)) {
      health.works(target, 'read');
      this.#cluster.damagedCopies.report([target], this.#facts.fileId);
      if (isSource) this.#isSourceOnceMore = false;
    } else {
      this.#isUnreachable = true;
      if (isSource && !isPassing(error)) this.#isSourceOnceMore = false;
      health.failed(target, 'read', error);
      if (error instanceof FastdfsConnectionError) view.distrust();
    }
  }

  /** What to tell when all targets have failed. */
  verdict(): BlobStoreError {
    const { fileId } = this.#facts;
    const cause = { cause: this.#lastFailure ?? undefined };
    if (this.#isMissingAtSource) {
      return new BlobStoreError('not-found', `${fileId} does not exist on its source`, cause);
    }
    const problem = this.#lastFailure?.message ?? 'no storage server is known for it';
    if (this.#ranking.hasDamaged() && !this.#isUnreachable) {
      return new BlobStoreError('corrupt', `${fileId} has no sound copy: ${problem}`, cause);
    }
    return new BlobStoreError('unavailable', `${fileId} cannot be read: ${problem}`, cause);
  }

  /** Replicas may still have a file that can change after its source has deleted it. */
  get #isDeleted(): boolean {
    return this.#isMissingAtSource && !this.#facts.isImmutable;
  }

  #take(server: ServerAddress | null): ServerAddress | null {
    if (server !== null) this.#tried.push(renderAddress(server));
    return server;
  }

  /** Without its source a file that is old enough is on all servers of its group. */
  #sureOne(): ServerAddress | null {
    return this.#named === null ? this.#ranking.best(this.#tried, 0) : null;
  }

  #sourceOnceMore(): ServerAddress | null {
    if (!this.#isSourceOnceMore || this.#isMissingAtSource) return null;
    this.#isSourceOnceMore = false;
    return this.#ranking.lastResort();
  }

  async #askTrackers(): Promise<ServerAddress[]> {
    const { file } = this.#facts;
    try {
      const { storages } = await this.#cluster.trackers.queryFetchAll(file, this.#signal);
      return this.#ranking.sort(storages);
    } catch (error) {
      if (!isFastdfsFailure(error)) throw error;
      this.#isUnreachable = true;
      this.#lastFailure ??= error;
      return [];
    }
  }

  /** Whether the error speaks of a copy that is not as long as its name tells. */
  async #isDamaged(server: ServerAddress, error: Error): Promise<boolean> {
    if (this.#facts.size === null) return false;
    if (error instanceof WrongSizeError) return true;
    if (!hasStatus(error, FASTDFS_STATUS.invalid)) return false;
    // What the answer to a range beyond the end is, is also that to a store path it has not.
    const asked = { ...server, isReadable: true };
    return (await askServer(this.#cluster, asked, this.#facts, this.#signal)).state === 'damaged';
  }
}

/** Whether the same request to the same server may do better a moment later. */
function isPassing(error: Error): boolean {
  if (error instanceof FastdfsStatusError) {
    const { busy, tryAgain } = FASTDFS_STATUS;
    return error.fastdfsStatus === busy || error.fastdfsStatus === tryAgain;
  }
  if (!(error instanceof FastdfsConnectionError) || error instanceof FastdfsTimeoutError) {
    return false;
  }
  return error.phase === 'send' || error.phase === 'receive';
}
