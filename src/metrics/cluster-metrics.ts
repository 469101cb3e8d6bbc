import { Gauge, type Registry } from 'prom-client';
import type {
  BlobStoreEvent,
  BreakerState,
  ClusterState,
  GroupState,
} from '../blob-store/blob-store.ts';
import { syncStateOf } from '../core/sync-state.ts';
import { renderHostPort } from '../support/units.ts';

const BYTES_PER_MIB = 2 ** 20;

const breakerValues: Readonly<Record<BreakerState, number>> = {
  closed: 0,
  'half-open': 1,
  open: 2,
};

/** Name without prefix, labels, help. */
const definitions = {
  breaker: [
    'breaker_state',
    ['server', 'role', 'use'],
    'Circuit breaker: 0 is closed (used as usual), 1 half-open, 2 open (left alone).',
  ],
  trackerReachable: ['tracker_reachable', ['tracker'], '1 while the tracker answers.'],
  groupSize: ['group_size_bytes', ['group'], 'Space of a group, as the trackers tell it.'],
  groupFree: ['group_free_bytes', ['group'], 'Free space of a group.'],
  groupReserved: ['group_reserved_bytes', ['group'], 'Space that uploads may not use.'],
  storageServers: ['storage_servers', ['group', 'status'], 'Storage servers by status.'],
  serverWritable: ['storage_server_writable', ['group', 'server'], '1 while it takes uploads.'],
  serverSize: ['storage_server_size_bytes', ['group', 'server'], 'Space of a storage server.'],
  serverFree: ['storage_server_free_bytes', ['group', 'server'], 'Free space of a storage server.'],
  serverReserved: [
    'storage_server_reserved_bytes',
    ['group', 'server'],
    'Space of a storage server that uploads may not use.',
  ],
  serverHeartbeat: [
    'storage_server_heartbeat_timestamp_seconds',
    ['group', 'server'],
    'When a tracker last heard of the storage server.',
  ],
  serverSyncLag: [
    'storage_server_sync_lag_seconds',
    ['group', 'server'],
    'From the last change of its peers that the storage server has to the last there is; 0: it has all.',
  ],
} as const satisfies Record<string, readonly [string, readonly string[], string]>;

type Gauges = Readonly<Record<keyof typeof definitions, Gauge>>;
type BreakerEvent = Extract<BlobStoreEvent, { kind: 'breaker' }>;

export interface ClusterFacts {
  readonly state: ClusterState;
  /** The last change of each breaker that ever changed. */
  readonly breakers: Iterable<BreakerEvent>;
}

/** Gauges of the cluster as the gateway sees it, for what is there now and nothing else. */
export class ClusterMetrics {
  readonly #gauges: Gauges;

  constructor(registry: Registry) {
    const entries = Object.entries(definitions).map(([key, [name, labelNames, help]]) => [
      key,
      new Gauge({
        name: `fastdfs_s3_${name}`,
        labelNames,
        help,
        // Processes see the same cluster, but each has breakers of its own.
        aggregator: key === 'breaker' ? 'max' : 'first',
        registers: [registry],
      }),
    ]);
    this.#gauges = Object.fromEntries(entries) as Gauges;
  }

  set({ state, breakers }: ClusterFacts): void {
    const gauges = this.#gauges;
    for (const gauge of Object.values(gauges)) gauge.reset();
    for (const tracker of state.trackers) {
      gauges.trackerReachable.set({ tracker: renderHostPort(tracker) }, tracker.reachable ? 1 : 0);
    }
    for (const group of state.groups) this.#setGroup(group);
    const isListed = state.groups.length > 0;
    for (const { server, role, use, state: breaker } of breakers) {
      // Storage servers that are listed have told theirs; others are no part of the cluster any more.
      if (role === 'storage' && isListed) continue;
      gauges.breaker.set({ server, role, use }, breakerValues[breaker]);
    }
  }

  #setGroup(given: GroupState): void {
    const { groupName: group, totalMib, freeMib, reservedMib, storageServers } = given;
    const gauges = this.#gauges;
    gauges.groupSize.set({ group }, totalMib * BYTES_PER_MIB);
    gauges.groupFree.set({ group }, freeMib * BYTES_PER_MIB);
    gauges.groupReserved.set({ group }, reservedMib * BYTES_PER_MIB);
    for (const storage of storageServers) {
      const server = renderHostPort(storage);
      const labels = { group, server };
      gauges.storageServers.inc({ group, status: storage.status });
      gauges.serverWritable.set(labels, storage.isWritable ? 1 : 0);
      gauges.serverSize.set(labels, storage.totalMib * BYTES_PER_MIB);
      gauges.serverFree.set(labels, storage.freeMib * BYTES_PER_MIB);
      gauges.serverReserved.set(labels, storage.reservedMib * BYTES_PER_MIB);
      gauges.serverHeartbeat.set(labels, storage.lastHeartbeatMs / 1000);
      gauges.serverSyncLag.set(labels, syncStateOf(storage, given).lagMs / 1000);
      for (const use of ['read', 'write'] as const) {
        const breaker = breakerValues[storage.breakers[use]];
        gauges.breaker.set({ server, role: 'storage', use }, breaker);
      }
    }
  }
}
