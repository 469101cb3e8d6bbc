// What the interface tells of the cluster; `blob-store.ts` hands it on to other layers.

/** A storage server as the trackers describe it. */
export interface StorageServerState {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** INIT, WAIT_SYNC, SYNCING, IP_CHANGED, DELETED, OFFLINE, ONLINE, ACTIVE, RECOVERY, NONE. */
  readonly status: string;
  readonly version: string;
  readonly totalMib: number;
  readonly freeMib: number;
  /** Kept free by the trackers and the storage server itself; 0 when the version does not tell. */
  readonly reservedMib: number;
  /** ACTIVE, and its mode permits. */
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  readonly lastHeartbeatMs: number;
  /** When it last took a change from a client; 0 for never. Its own clock. */
  readonly lastSourceUpdateMs: number;
  /** It has all files that its peers took up to then; a time of the peers' clocks. */
  readonly lastSyncedMs: number;
  /** Whether the gateway itself sends it reads, and uploads. */
  readonly breakers: { readonly read: BreakerState; readonly write: BreakerState };
}

/**
 * `closed`: used as usual. `open`: left alone, tried only when nothing else is left. `half-open`:
 * one request at a time finds out whether it works again.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface GroupState {
  readonly groupName: string;
  readonly totalMib: number;
  readonly freeMib: number;
  readonly reservedMib: number;
  readonly storageServers: readonly StorageServerState[];
}

export interface TrackerState {
  readonly host: string;
  readonly port: number;
  readonly reachable: boolean;
  /** Why it could not be reached; null when it could. */
  readonly problem: string | null;
}

export interface ClusterState {
  readonly trackers: readonly TrackerState[];
  readonly groups: readonly GroupState[];
}

/** Connections of the gateway to one tracker or storage server. */
export interface PoolState {
  /** `10.0.0.1:23000`, as the trackers name it. */
  readonly server: string;
  /** Open or being opened. */
  readonly connectionCount: number;
  readonly idleCount: number;
  /** Requests that wait for a connection. */
  readonly waitingCount: number;
}
