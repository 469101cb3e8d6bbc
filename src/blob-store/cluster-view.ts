import { setMaxListeners } from 'node:events';
import type { ServerAddress } from '../fastdfs/client/server-address.ts';
import type { TrackerClient } from '../fastdfs/client/tracker-client.ts';
import type { GroupRecord } from '../fastdfs/protocol/commands/list-groups.ts';
import type { StorageRecord } from '../fastdfs/protocol/commands/list-storages.ts';
import type { FileSource } from '../fastdfs/protocol/file-name-fields.ts';
import {
  RW_MODE_BOTH,
  RW_MODE_READ,
  RW_MODE_WRITE,
  STORAGE_STATUS_ACTIVE,
} from '../fastdfs/protocol/storage-status.ts';

/** A storage server as the trackers saw it at the last refresh. */
export interface StorageServer extends ServerAddress {
  readonly isReadable: boolean;
  readonly isWritable: boolean;
}

export interface GroupListing {
  readonly group: GroupRecord;
  readonly storages: readonly StorageRecord[];
}

/** A source that is not in the view is looked for again after this time at the earliest. */
const REFRESH_PAUSE_MS = 1_000;

/**
 * Groups and storage servers as the trackers list them. It is refreshed behind the back of whoever
 * asks when it is older than its interval, so nothing runs while nobody asks. What it says may be
 * seconds old: everything that goes by it has to fall back on the trackers.
 */
export class ClusterView {
  readonly #trackers: TrackerClient;
  readonly #refreshIntervalMs: number;
  readonly #stopping = new AbortController();
  #listings: readonly GroupListing[] = [];
  /** By group name and source, as `sourceName` writes them. */
  #sources: ReadonlyMap<string, StorageServer> = new Map();
  /** `performance.now()`. */
  #refreshedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | null = null;

  constructor(trackers: TrackerClient, refreshIntervalMs: number) {
    this.#trackers = trackers;
    this.#refreshIntervalMs = refreshIntervalMs;
    // Every group that is listed at the same time listens.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** The storage server that took the upload of a file; null when no tracker lists it. */
  async findSource(groupName: string, source: FileSource): Promise<StorageServer | null> {
    const name = sourceName(groupName, source);
    const now = performance.now();
    if (now - this.#refreshedAtMs > this.#refreshIntervalMs) this.#refreshBehind(now);
    const known = this.#sources.get(name);
    if (known !== undefined) return known;
    // Only the first readers after a start, and those of files from a new storage server, wait.
    await this.#refreshing;
    return this.#sources.get(name) ?? null;
  }

  /** All storage servers of a group, whatever their status; none when no tracker tells it. */
  async membersOf(groupName: string): Promise<readonly StorageServer[]> {
    const now = performance.now();
    if (now - this.#refreshedAtMs > this.#refreshIntervalMs) this.#refreshBehind(now);
    await this.#refreshing;
    const listing = this.#listings.find(({ group }) => group.groupName === groupName);
    return listing?.storages.map(storageServerOf) ?? [];
  }

  /** Names of the groups that take uploads; empty when no tracker ever told. */
  async findWritableGroups(): Promise<string[]> {
    const now = performance.now();
    if (now - this.#refreshedAtMs > this.#refreshIntervalMs) this.#refreshBehind(now);
    await this.#refreshing;
    return this.#listings
      .filter(({ group }) => group.writableServerCount > 0)
      .map(({ group }) => group.groupName);
  }

  /** Asks the trackers now. Rejects as `TrackerClient` does. */
  async list(): Promise<readonly GroupListing[]> {
    const { signal } = this.#stopping;
    const groups = await this.#trackers.listGroups(signal);
    const listings = await Promise.all(
      groups.map(async (group) => ({
        group,
        storages: await this.#trackers.listStorages(group.groupName, signal),
      })),
    );
    this.#take(listings);
    return listings;
  }

  /** Tells that something was not as the view said: the next one who asks refreshes it. */
  distrust(): void {
    this.#refreshedAtMs = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.#stopping.abort(new Error('the blob store was closed'));
  }

  #refreshBehind(now: number): void {
    if (this.#refreshing !== null || now - this.#triedAtMs < REFRESH_PAUSE_MS) return;
    this.#triedAtMs = now;
    this.#refreshing = this.list().then(
      () => {
        this.#refreshing = null;
      },
      // What is known stays; whoever needs more asks the trackers and gets their errors.
      () => {
        this.#refreshing = null;
      },
    );
  }

  #take(listings: readonly GroupListing[]): void {
    const sources = new Map<string, StorageServer>();
    for (const { group, storages } of listings) {
      for (const storage of storages) {
        const server = storageServerOf(storage);
        // Without storage ids the id is the address. A cluster that changed to ids still has files
        // with addresses in their names, which say nothing once two servers share a host.
        const isAlone = storages.every((other) => other === storage || other.host !== storage.host);
        if (isAlone) sources.set(`${group.groupName}/${storage.host}`, server);
        sources.set(`${group.groupName}/${storage.id}`, server);
      }
    }
    this.#listings = listings;
    this.#sources = sources;
    this.#refreshedAtMs = performance.now();
  }
}

function sourceName(groupName: string, source: FileSource): string {
  return `${groupName}/${'host' in source ? source.host : source.storageId}`;
}

function storageServerOf(storage: StorageRecord): StorageServer {
  return { host: storage.host, port: storage.port, ...storageModes(storage) };
}

/** What a storage server takes now: nothing unless it is ACTIVE. */
export function storageModes({ status, rwMode }: StorageRecord): {
  readonly isReadable: boolean;
  readonly isWritable: boolean;
} {
  const mode = status === STORAGE_STATUS_ACTIVE ? (rwMode ?? RW_MODE_BOTH) : 0;
  return {
    isReadable: (mode & RW_MODE_READ) !== 0,
    isWritable: (mode & RW_MODE_WRITE) !== 0,
  };
}
