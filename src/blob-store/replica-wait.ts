import { setMaxListeners } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import { type FileIdParts, parseFileId } from '../fastdfs/protocol/file-id.ts';
import { decodeFileName } from '../fastdfs/protocol/file-name-fields.ts';
import type { Cluster } from './cluster.ts';
import { hasLeftCluster, type StorageServer } from './cluster-snapshot.ts';
import { hasStatus, isFastdfsFailure } from './fastdfs-errors.ts';
import { isActive } from './placement.ts';

/** Rest before the first question, … */
const POLL_MS_MIN = 20;
/** … longer by half each time, … */
const POLL_GROWTH = 1.5;
/** … up to this. */
const POLL_MS_MAX = 250;

/**
 * One file on its way to the other storage servers of its group, each of which is asked with
 * QUERY_FILE_INFO until it has the file.
 *
 * A storage server that has it has all of it: a copy is written to `data/.cp<number>.tmp` and gets
 * its name by a rename once the last byte is there (`storage_sync_copy_file` in FastDFS's
 * `storage_service.c`); in a trunk file the header of the slot, without which the file does not
 * exist, is written last (`dio_write_chunk_header`). It does not compute the copy's CRC-32: the one
 * it tells of a normal file is read from the name, so of the two the size proves more.
 */
export class ReplicaWait {
  readonly #cluster: Cluster;
  readonly #file: FileIdParts;
  /** Ids of the storage server that took the file; none when nobody can tell which it was. */
  readonly #sourceIds: readonly string[];
  /** Ids of those that are asked. */
  readonly #askedIds: readonly string[];
  /** Of these so many have to have the file. */
  readonly #needed: number;
  readonly #confirmedIds = new Set<string>();
  /** Aborted when nothing is waited for any more. */
  readonly #over = new AbortController();
  /** Aborted when questions under way are given up, too. */
  readonly #cut = new AbortController();
  #bug: { readonly error: unknown } | null = null;

  private constructor(
    cluster: Cluster,
    file: FileIdParts,
    group: {
      readonly sourceIds: readonly string[];
      readonly askedIds: readonly string[];
      readonly needed: number;
    },
  ) {
    this.#cluster = cluster;
    this.#file = file;
    this.#sourceIds = group.sourceIds;
    this.#askedIds = group.askedIds;
    this.#needed = group.needed;
    // All members of a large group are asked side by side.
    setMaxListeners(0, this.#over.signal, this.#cut.signal);
  }

  /** `takenBy` took the upload, and is not asked. */
  static async prepare(
    cluster: Cluster,
    fileId: string,
    takenBy: ServerAddress,
  ): Promise<ReplicaWait> {
    const file = parseFileId(fileId);
    const members = await cluster.view.membersOf(file.groupName);
    const { source } = decodeFileName(file.fileName);
    // A storage server may have several addresses; its name in the file ID is certain.
    const sourceId = (await cluster.view.findSource(file.groupName, source))?.id;
    const address = renderAddress(takenBy);
    const isSource = (member: StorageServer) =>
      member.id === sourceId || renderAddress(member) === address;
    const others = members.filter((member) => !isSource(member) && !hasLeftCluster(member));
    const sourceIds = members.filter(isSource).map(({ id }) => id);
    // Where nobody can tell which of them is the source, it may be one of those that confirm.
    const needed = cluster.writes.minReplicas - (sourceIds.length > 0 ? 1 : 0);
    const askedIds = others.map(({ id }) => id);
    return new ReplicaWait(cluster, file, { sourceIds, askedIds, needed });
  }

  /** Storage servers that have the file, the one that took it included. */
  get confirmedCount(): number {
    return this.#cluster.writes.minReplicas - this.#needed + this.#confirmedIds.size;
  }

  /** Storage servers that are to have it. */
  get wantedCount(): number {
    return this.#cluster.writes.minReplicas;
  }

  get isEnough(): boolean {
    return this.#confirmedIds.size >= this.#needed;
  }

  /** Whether all members of the group, ACTIVE or not, have the file; those that left it do not count. */
  get isEverywhere(): boolean {
    return this.isEnough && this.#confirmedIds.size === this.#askedIds.length;
  }

  /**
   * Resolves when enough have it, when too few are left that could get it, or after `waitMs`.
   * Rejects with the signal's reason.
   */
  async run(waitMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.isEnough || this.isHopeless) return;
    const { signal: over } = this.#over;
    const give = () => {
      this.#cut.abort();
      this.#over.abort();
    };
    const timer = globalThis.setTimeout(give, waitMs);
    signal.addEventListener('abort', give);
    try {
      await new Promise<void>((resolve) => {
        over.addEventListener('abort', () => resolve());
        for (const id of this.#askedIds) {
          this.#poll(id).catch((error: unknown) => {
            this.#bug ??= { error };
            give();
          });
        }
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', give);
    }
    signal.throwIfAborted();
    if (this.#bug !== null) throw this.#bug.error;
  }

  async #poll(id: string): Promise<void> {
    const { signal } = this.#over;
    for (let restMs = POLL_MS_MIN; ; restMs = Math.min(restMs * POLL_GROWTH, POLL_MS_MAX)) {
      // Files that came together must not ask together.
      await setTimeout(restMs * (0.8 + Math.random() * 0.4), null, { signal }).catch(() => {});
      const server = this.#membersNow().find((member) => member.id === id);
      if (!signal.aborted && server && isActive(server)) {
        const isThere = await this.#cluster.replicaQuestions.ask(server, () => this.#isAt(server));
        if (isThere) this.#confirmedIds.add(id);
      }
      if (!signal.aborted && (this.isEnough || this.isHopeless)) this.#over.abort();
      if (signal.aborted || this.#confirmedIds.has(id)) return;
    }
  }

  async #isAt(server: StorageServer): Promise<boolean> {
    // It may have waited for its turn.
    if (this.#over.signal.aborted) return false;
    const request = { ...this.#file, skipCrc32: true, isMissingExpected: true };
    const { size, crc32 } = decodeFileName(this.#file.fileName);
    try {
      const info = await this.#cluster.storage.queryFileInfo(server, request, this.#cut.signal);
      return info.fileSize === size && info.crc32 === crc32;
    } catch (error) {
      if (this.#cut.signal.aborted) return false;
      if (!isFastdfsFailure(error)) throw error;
      if (!hasStatus(error, FASTDFS_STATUS.notFound)) {
        this.#cluster.health.failed(server, 'read', error);
      }
      return false;
    }
  }

  /** Whether it went down before enough others had the file, and may take its change log along. */
  get hasLostSource(): boolean {
    if (this.isEnough) return false;
    const isLost = (server: StorageServer) =>
      this.#sourceIds.includes(server.id) && !isActive(server);
    return this.#membersNow().some(isLost);
  }

  /** Whether the group has too few ACTIVE members left to get it, or the source cannot send it. */
  get isHopeless(): boolean {
    if (this.isEnough) return false;
    if (this.hasLostSource) return true;
    const isPossible = (server: StorageServer) =>
      this.#askedIds.includes(server.id) && !this.#confirmedIds.has(server.id) && isActive(server);
    const possible = this.#membersNow().filter(isPossible).length;
    return this.#confirmedIds.size + possible < this.#needed;
  }

  #membersNow(): readonly StorageServer[] {
    return this.#cluster.view.snapshot?.findGroup(this.#file.groupName)?.members ?? [];
  }
}
