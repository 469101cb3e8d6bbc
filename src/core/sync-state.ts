import type { GroupState, StorageServerState } from '../blob-store/blob-store.ts';

/** How a storage server stands with the files that its peers took. */
export interface SyncState {
  /** When a peer last took a change from a client, as far as reported; 0 for never. */
  readonly peersChangedAtMs: number;
  /**
   * From the last change that it has to the last one that it should have; 0 when it has all. After a
   * quiet hour one new file makes this an hour until the file has come: it tells that something is
   * missing, and only by staying above 0 that something is wrong.
   */
  readonly lagMs: number;
}

/** Trackers tell times in whole seconds, each of another clock. */
const TOLERANCE_MS = 1_000;

export function syncStateOf(server: StorageServerState, group: GroupState): SyncState {
  const peersChangedAtMs = group.storageServers
    .filter(
      ({ id, host, port }) => id !== server.id || host !== server.host || port !== server.port,
    )
    .reduce((newest, { lastSourceUpdateMs }) => Math.max(newest, lastSourceUpdateMs), 0);
  const lagMs = peersChangedAtMs - server.lastSyncedMs;
  return { peersChangedAtMs, lagMs: lagMs > TOLERANCE_MS ? lagMs : 0 };
}
