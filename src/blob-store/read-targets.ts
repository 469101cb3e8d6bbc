import { FastdfsConnectionError } from '../fastdfs/client/errors.ts';
import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import type { FileIdParts } from '../fastdfs/protocol/file-id.ts';
import type { FileSource } from '../fastdfs/protocol/file-name-fields.ts';
import { BlobStoreError } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import type { StorageServer } from './cluster-snapshot.ts';
import { hasStatus, isFastdfsFailure } from './fastdfs-errors.ts';

export interface ReadTarget extends ServerAddress {
  /** Whether it took the upload: only such a server knows that a file does not exist. */
  readonly isSource: boolean;
}

/**
 * Storage servers to read one file from, each named once, and the source a second time at the very
 * end: it is asked first while it is known to be up, because it has the file from the moment of
 * the upload and needs no tracker; then those that the trackers name.
 */
export class ReadTargets {
  readonly #cluster: Cluster;
  readonly #file: FileIdParts;
  readonly #source: FileSource;
  readonly #signal: AbortSignal;
  readonly #names: AsyncGenerator<ReadTarget, void, void>;
  #isMissingAtSource = false;
  #lastFailure: Error | null = null;

  constructor(cluster: Cluster, file: FileIdParts, source: FileSource, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#file = file;
    this.#source = source;
    this.#signal = signal;
    this.#names = this.#inOrder();
  }

  /** Null when there is no other one. */
  async next(): Promise<ReadTarget | null> {
    const step = await this.#names.next();
    return step.done ? null : step.value;
  }

  /** Notes why the target was of no use. */
  failed(target: ReadTarget, error: Error): void {
    this.#lastFailure = error;
    if (hasStatus(error, FASTDFS_STATUS.notFound)) {
      this.#isMissingAtSource ||= target.isSource;
      return;
    }
    if (error instanceof FastdfsConnectionError) {
      this.#cluster.health.failed(target, 'read', error);
      this.#cluster.view.distrust();
    }
  }

  /** What to tell when all targets have failed. */
  verdict(): BlobStoreError {
    const fileId = `${this.#file.groupName}/${this.#file.fileName}`;
    const cause = { cause: this.#lastFailure ?? undefined };
    if (this.#isMissingAtSource) {
      return new BlobStoreError('not-found', `${fileId} does not exist on its source`, cause);
    }
    const problem = this.#lastFailure?.message ?? 'no storage server is known for it';
    return new BlobStoreError('unavailable', `${fileId} cannot be read: ${problem}`, cause);
  }

  async *#inOrder(): AsyncGenerator<ReadTarget, void, void> {
    const { view, health } = this.#cluster;
    const source = await view.findSource(this.#file.groupName, this.#source);
    const sourceTarget = source && { host: source.host, port: source.port, isSource: true };
    const tried = new Set<string>();
    if (sourceTarget !== null && source?.isReadable && !health.isAvoided(sourceTarget, 'read')) {
      tried.add(renderAddress(sourceTarget));
      yield sourceTarget;
    }
    for (const target of await this.#namedByTrackers(source)) {
      if (tried.has(renderAddress(target))) continue;
      tried.add(renderAddress(target));
      yield target;
    }
    if (sourceTarget !== null && !this.#isMissingAtSource) yield sourceTarget;
  }

  /** Servers that failed lately come last. */
  async #namedByTrackers(source: StorageServer | null): Promise<ReadTarget[]> {
    const { trackers, health } = this.#cluster;
    try {
      const { storages } = await trackers.queryFetchAll(this.#file, this.#signal);
      const targets = storages.map(({ host, port }) => ({
        host,
        port,
        isSource:
          source === null ? this.#isSourceHost(host) : host === source.host && port === source.port,
      }));
      const isAvoided = (target: ReadTarget) => health.isAvoided(target, 'read');
      return [...targets.filter((target) => !isAvoided(target)), ...targets.filter(isAvoided)];
    } catch (error) {
      if (!isFastdfsFailure(error)) throw error;
      this.#lastFailure ??= error;
      return [];
    }
  }

  #isSourceHost(host: string): boolean {
    return 'host' in this.#source && this.#source.host === host;
  }
}
