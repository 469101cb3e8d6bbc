import { FastdfsConnectionError } from '../fastdfs/client/errors.ts';
import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import { BlobStoreError } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { hasLeftCluster, type StorageServer } from './cluster-snapshot.ts';
import { hasStatus, isFastdfsFailure, toBlobStoreError } from './fastdfs-errors.ts';
import { askServer } from './find-copies.ts';
import { type FileIdFacts, readFileId } from './read-file-id.ts';

/**
 * Deletes a file at its source; while that cannot be talked to, at another server of the group,
 * which passes the deletion on to the source when that is back. "Does not exist" counts as done
 * from the source only: a replica may not have the file yet, or never get it, and the source may
 * have it all the same. What a source has lost is deleted from its replicas one by one. When the
 * source has left the cluster for good, the file is gone when all servers of the group say so.
 *
 * Rejects with `BlobStoreError`: 'unavailable' when no server of the group could be talked to,
 * 'refused' when those that could did not delete this file; or with the signal's reason.
 */
export async function deleteFile(
  cluster: Cluster,
  fileId: string,
  signal: AbortSignal,
): Promise<void> {
  await new FileDeletion(cluster, readFileId(fileId), signal).run();
}

class FileDeletion {
  readonly #cluster: Cluster;
  readonly #facts: FileIdFacts;
  readonly #signal: AbortSignal;
  /** Servers that do not have the file. */
  readonly #missingAt = new Set<string>();
  #lastFailure: Error | null = null;

  constructor(cluster: Cluster, facts: FileIdFacts, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#facts = facts;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const { view, health } = this.#cluster;
    const source = await view.findSource(this.#facts.file.groupName, this.#facts.source);
    const isSourceUsable = source?.isWritable && !health.isAvoided(source, 'read');
    if (isSourceUsable && (await this.#isDeletedAt(source, true))) return;
    for (const target of await this.#others(isSourceUsable ? source : null)) {
      if (await this.#isDeletedAt(target, this.#isSource(target, source))) return;
    }
    const hasLeft = source === null || hasLeftCluster(source);
    if (hasLeft && (await this.#isMissingEverywhere())) return;
    throw this.#verdict(source);
  }

  /**
   * Whether it is gone now, as far as that server can tell. A refusal of the server that nobody
   * else can make up for is thrown.
   */
  async #isDeletedAt(server: ServerAddress, isSource: boolean): Promise<boolean> {
    const { storage, health, view } = this.#cluster;
    // Space for uploads is none of a deletion's business, so the breaker for reads counts.
    health.attempt(server, 'read');
    try {
      await storage.deleteFile(server, this.#facts.file, this.#signal);
      health.works(server, 'read');
      return true;
    } catch (error) {
      if (this.#signal.aborted || !isFastdfsFailure(error)) {
        health.failed(server, 'read', error);
        throw error;
      }
      this.#lastFailure = error;
      if (error instanceof FastdfsConnectionError) {
        health.failed(server, 'read', error);
        view.distrust();
        return false;
      }
      health.works(server, 'read');
      if (!hasStatus(error, FASTDFS_STATUS.notFound)) {
        throw new BlobStoreError('refused', error.message, { cause: error });
      }
      this.#missingAt.add(renderAddress(server));
      if (isSource) await this.#deleteLeftovers();
      return isSource;
    }
  }

  /**
   * Replicas may have what their source has lost with its disk; nothing would ever tell them of the
   * deletion. Those that are down keep it. Rejects when one that has it does not delete it.
   */
  async #deleteLeftovers(): Promise<void> {
    const { storage, view, health } = this.#cluster;
    const { file } = this.#facts;
    for (const member of await view.membersOf(file.groupName)) {
      const isDone = this.#missingAt.has(renderAddress(member));
      if (isDone || !member.isWritable || health.isAvoided(member, 'read')) continue;
      const { state } = await askServer(this.#cluster, member, this.#facts, this.#signal);
      if (state !== 'present' && state !== 'damaged') continue;
      try {
        await storage.deleteFile(member, file, this.#signal);
      } catch (error) {
        if (hasStatus(error, FASTDFS_STATUS.notFound)) continue;
        if (this.#signal.aborted || !isFastdfsFailure(error)) throw error;
        throw new BlobStoreError('refused', error.message, { cause: error });
      }
    }
  }

  /** The one that the trackers name, then the others that take changes; avoided ones last. */
  async #others(tried: ServerAddress | null): Promise<ServerAddress[]> {
    const { trackers, view, health } = this.#cluster;
    const targets = new Map<string, ServerAddress>();
    const add = (server: ServerAddress) => targets.set(renderAddress(server), server);
    try {
      add(await trackers.queryUpdate(this.#facts.file, this.#signal));
    } catch (error) {
      if (this.#signal.aborted || !isFastdfsFailure(error)) throw error;
      this.#lastFailure = error;
    }
    for (const member of await view.membersOf(this.#facts.file.groupName)) {
      if (member.isWritable) add(member);
    }
    if (tried !== null) targets.delete(renderAddress(tried));
    const isAvoided = (server: ServerAddress) => health.isAvoided(server, 'read');
    const all = [...targets.values()];
    return [...all.filter((server) => !isAvoided(server)), ...all.filter(isAvoided)];
  }

  #isSource(target: ServerAddress, source: StorageServer | null): boolean {
    if (source !== null) return renderAddress(target) === renderAddress(source);
    return 'host' in this.#facts.source && this.#facts.source.host === target.host;
  }

  /** Asks the servers of the group that have not answered yet; one that cannot tell is a no. */
  async #isMissingEverywhere(): Promise<boolean> {
    const listed = await this.#cluster.view.membersOf(this.#facts.file.groupName);
    const members = listed.filter((server) => !hasLeftCluster(server));
    for (const member of members) {
      if (this.#missingAt.has(renderAddress(member))) continue;
      const { state, problem } = await askServer(this.#cluster, member, this.#facts, this.#signal);
      if (state === 'missing') continue;
      this.#lastFailure = new Error(`${renderAddress(member)}: ${problem ?? state}`);
      return false;
    }
    return members.length > 0;
  }

  #verdict(source: StorageServer | null): unknown {
    const failure = this.#lastFailure ?? new BlobStoreError('unavailable', 'nobody can be asked');
    if (this.#missingAt.size === 0) return toBlobStoreError(failure);
    const missing = `the file is not on ${[...this.#missingAt].sort().join(', ')}`;
    const doubt =
      source !== null && !hasLeftCluster(source)
        ? `its source ${renderAddress(source)} cannot be asked now`
        : 'its source left the cluster and not all others say so';
    // The same words for all files alike, because the queue notes them.
    const why = hasStatus(failure, FASTDFS_STATUS.notFound) ? '' : ` (${failure.message})`;
    return new BlobStoreError('refused', `${missing}, but ${doubt}${why}`, { cause: failure });
  }
}
