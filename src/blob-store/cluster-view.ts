import { setMaxListeners } from 'node:events';
import type { TrackerClient } from '../fastdfs/client/tracker-client.ts';
import type { FileSource } from '../fastdfs/protocol/file-name-fields.ts';
import {
  ClusterSnapshot,
  type GroupListing,
  type StorageGroup,
  type StorageServer,
} from './cluster-snapshot.ts';

/** A source that is not in the view is looked for again after this time at the earliest. */
const REFRESH_PAUSE_MS = 250;
/** Groups whose storage servers are listed at the same time. */
const LISTINGS_AT_ONCE = 4;

/**
 * Groups and storage servers as the trackers list them, refreshed in the background from the first
 * use on. What it says may be seconds old: everything that goes by it has to fall back on another
 * server, or on the trackers.
 */
export class ClusterView {
  readonly #trackers: TrackerClient;
  readonly #refreshIntervalMs: number;
  readonly #onRefresh: (snapshot: ClusterSnapshot) => void;
  readonly #stopping = new AbortController();
  #snapshot: ClusterSnapshot | null = null;
  /** `performance.now()` when a tracker last told. */
  #toldAtMs = Number.NEGATIVE_INFINITY;
  /** `performance.now()` when the last try began. */
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  /** `onRefresh` is told of every new snapshot. */
  constructor(
    trackers: TrackerClient,
    refreshIntervalMs: number,
    onRefresh: (snapshot: ClusterSnapshot) => void = () => {},
  ) {
    this.#trackers = trackers;
    this.#refreshIntervalMs = refreshIntervalMs;
    this.#onRefresh = onRefresh;
    // Every group that is listed at the same time listens.
    setMaxListeners(0, this.#stopping.signal);
  }

  /** The storage server that took the upload of a file; null when no tracker lists it. */
  async findSource(groupName: string, source: FileSource): Promise<StorageServer | null> {
    const known = this.snapshot?.findSource(groupName, source);
    if (known) return known;
    // Only the first readers after a start, and those of files from a new storage server, wait.
    await this.#refresh();
    return this.#snapshot?.findSource(groupName, source) ?? null;
  }

  /** A group; null when no tracker lists it. */
  async findGroup(groupName: string): Promise<StorageGroup | null> {
    const known = this.snapshot?.findGroup(groupName);
    if (known) return known;
    await this.#refresh();
    return this.#snapshot?.findGroup(groupName) ?? null;
  }

  /** All storage servers of a group, whatever their status; none when no tracker tells it. */
  async membersOf(groupName: string): Promise<readonly StorageServer[]> {
    return (await this.findGroup(groupName))?.members ?? [];
  }

  /** All groups; none when no tracker ever answered. */
  async groups(): Promise<readonly StorageGroup[]> {
    if (this.snapshot === null) await this.#refresh();
    return this.#snapshot?.groups ?? [];
  }

  /** What is known at this moment; null until a tracker has answered for the first time. */
  get snapshot(): ClusterSnapshot | null {
    if (this.#timer === null) this.#start();
    return this.#snapshot;
  }

  /** Since a tracker last told; infinite when none ever did. */
  get ageMs(): number {
    return performance.now() - this.#toldAtMs;
  }

  /** Tells that something was not as the view said: it is refreshed at once. */
  distrust(): void {
    void this.#refresh();
  }

  close(): void {
    this.#stopping.abort(new Error('the blob store was closed'));
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #start(): void {
    void this.#refresh();
    this.#scheduleNext();
  }

  #scheduleNext(): void {
    if (this.#stopping.signal.aborted) return;
    // Gateways that were started together must not ask together.
    const restMs = this.#refreshIntervalMs * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => {
      void this.#refresh().then(() => this.#scheduleNext());
    }, restMs).unref();
  }

  /** Resolves after a refresh that may have failed: what is known stays then. */
  #refresh(): Promise<void> {
    const now = performance.now();
    const isTooSoon = now - this.#triedAtMs < REFRESH_PAUSE_MS || this.#stopping.signal.aborted;
    if (this.#refreshing !== null || isTooSoon) return this.#refreshing ?? Promise.resolve();
    this.#triedAtMs = now;
    this.#refreshing = this.#list().then(
      (listings) => {
        this.#refreshing = null;
        this.#snapshot = new ClusterSnapshot(listings);
        this.#toldAtMs = performance.now();
        this.#onRefresh(this.#snapshot);
      },
      // Whoever needs more asks the trackers and gets their errors.
      () => {
        this.#refreshing = null;
      },
    );
    return this.#refreshing;
  }

  async #list(): Promise<GroupListing[]> {
    const { signal } = this.#stopping;
    const groups = await this.#trackers.listGroups(signal);
    const listings: GroupListing[] = [];
    for (let start = 0; start < groups.length; start += LISTINGS_AT_ONCE) {
      const batch = groups.slice(start, start + LISTINGS_AT_ONCE).map(async (group) => ({
        group,
        storages: await this.#trackers.listStorages(group.groupName, signal),
      }));
      listings.push(...(await Promise.all(batch)));
    }
    return listings;
  }
}
