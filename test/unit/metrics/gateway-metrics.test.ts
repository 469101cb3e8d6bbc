import { expect, it } from 'vitest';
import type { BlobStoreEvent, ClusterState } from '../../../src/blob-store/blob-store.ts';
import { dispatchEvents } from '../../../src/metrics/blob-store-events.ts';
import { GatewayMetrics, type MetricsSources } from '../../../src/metrics/gateway-metrics.ts';
import type { DeletionQueueState } from '../../../src/object-index/file-records.ts';
import { groupState, storageServerState } from '../../support/cluster-states.ts';
import { parseMetrics, sampleValue } from '../../support/prometheus.ts';

const MIB = 2 ** 20;
const tracker = { host: '10.0.0.1', port: 22122, reachable: true, problem: null };
const idle = {
  writesWaiting: 0,
  listingsWaiting: 0,
  writeCount: 0,
  writeBatchCount: 0,
  writeFailures: { full: 0, overloaded: 0, failed: 0 },
  databaseSizeBytes: 0,
  logSizeBytes: 0,
};

/** Sources whose answers a test may change between two scrapes. */
function createMetrics() {
  const sources = {
    cluster: { trackers: [tracker], groups: [] } as ClusterState,
    index: idle,
    deletions: [] as DeletionQueueState[],
    replicaChecks: 0,
    pools: [{ server: '10.0.0.2:23000', connectionCount: 3, idleCount: 1, waitingCount: 2 }],
  };
  const metrics = new GatewayMetrics();
  metrics.watch({
    index: {
      measure: async () => sources.index,
      deletionQueueState: async () => sources.deletions,
      countReplicaChecks: async () => sources.replicaChecks,
      listReplicaCheckQueues: async () => [{ groupName: 'group1', oldestDueMs: 5_500 }],
    },
    blobs: { clusterState: async () => sources.cluster, poolStates: () => sources.pools },
    spool: { usedBytes: 7, sizeBytesMax: 100 },
  } satisfies MetricsSources);
  const tell = dispatchEvents([metrics.blobStore.handlers], (error) => {
    throw error;
  });
  return {
    sources,
    tell: (...events: BlobStoreEvent[]) => {
      for (const event of events) tell(event);
    },
    scrape: async () => {
      const samples = parseMetrics(await metrics.render());
      return (name: string, labels: Record<string, string> = {}) =>
        sampleValue(samples, `fastdfs_s3_${name}`, labels);
    },
    metrics,
  };
}

it('counts what the blob store tells', async () => {
  const { tell, scrape } = createMetrics();
  const server = '10.0.0.2:23000';
  tell(
    { kind: 'failover', command: 'UPLOAD_FILE', server, error: new Error('refused') },
    { kind: 'failover', command: 'UPLOAD_FILE', server, error: new Error('refused') },
    { kind: 'replica-wait', fileId: 'f', outcome: 'accepted', durationMs: 2_000 },
    { kind: 'checksum-mismatch', direction: 'download', server, fileId: 'f' },
    { kind: 'connection-closed', server, reason: 'timeout' },
  );
  const value = await scrape();
  expect(value('failovers_total', { command: 'UPLOAD_FILE' })).toBe(2);
  expect(value('replica_wait_seconds_sum', { outcome: 'accepted' })).toBe(2);
  expect(value('replica_wait_seconds_count', { outcome: 'failed' })).toBe(0);
  expect(value('checksum_mismatches_total', { direction: 'download' })).toBe(1);
  expect(value('checksum_mismatches_total', { direction: 'upload' })).toBe(0);
  expect(value('connections_closed_total', { reason: 'timeout' })).toBe(1);
});

it('shows the breakers of listed storage servers, and of trackers by their last change', async () => {
  const { sources, tell, scrape } = createMetrics();
  const change = { kind: 'breaker', reason: 'timeout' } as const;
  const [gone, lost] = ['10.0.0.9:23000', '10.0.0.1:22122'];
  tell(
    { ...change, server: gone, role: 'storage', use: 'write', state: 'open' },
    { ...change, server: lost, role: 'tracker', use: 'read', state: 'open' },
    { ...change, server: lost, role: 'tracker', use: 'read', state: 'half-open' },
  );
  const before = await scrape();
  expect(before('breaker_state', { server: gone, use: 'write' })).toBe(2);
  expect(before('breaker_state', { server: lost })).toBe(1);
  expect(before('breaker_changes_total', { role: 'tracker', state: 'open' })).toBe(1);

  const breakers = { read: 'closed', write: 'half-open' } as const;
  sources.cluster = { trackers: [], groups: [groupState([storageServerState({ breakers })])] };
  const after = await scrape();
  expect(after('breaker_state', { server: gone })).toBeNull();
  expect(after('breaker_state', { server: '10.0.0.2:23000', use: 'read' })).toBe(0);
  expect(after('breaker_state', { server: '10.0.0.2:23000', use: 'write' })).toBe(1);
});

it('tells space in bytes, times in seconds, and storage servers by status', async () => {
  const { sources, scrape } = createMetrics();
  const server = storageServerState({ lastHeartbeatMs: 1_500, lastSyncedMs: 2_000 });
  const offline = storageServerState({
    host: '10.0.0.3',
    status: 'OFFLINE',
    isWritable: false,
    lastSourceUpdateMs: 9_000,
  });
  sources.cluster = {
    trackers: [tracker, { ...tracker, port: 1, reachable: false }],
    groups: [groupState([server, offline])],
  };
  const value = await scrape();
  expect(value('group_size_bytes', { group: 'group1' })).toBe(1024 * MIB);
  expect(value('group_free_bytes', { group: 'group1' })).toBe(256 * MIB);
  expect(value('group_reserved_bytes', { group: 'group1' })).toBe(10 * MIB);
  const labels = { group: 'group1', server: '10.0.0.2:23000' };
  expect(value('storage_server_free_bytes', labels)).toBe(256 * MIB);
  expect(value('storage_server_heartbeat_timestamp_seconds', labels)).toBe(1.5);
  expect(value('storage_server_sync_lag_seconds', labels)).toBe(7);
  expect(value('storage_server_writable', labels)).toBe(1);
  expect(value('storage_server_writable', { server: '10.0.0.3:23000' })).toBe(0);
  expect(value('storage_servers', { status: 'ACTIVE' })).toBe(1);
  expect(value('storage_servers', { status: 'OFFLINE' })).toBe(1);
  expect(value('tracker_reachable', { tracker: '10.0.0.1:22122' })).toBe(1);
  expect(value('tracker_reachable', { tracker: '10.0.0.1:1' })).toBe(0);
});

it('forgets storage servers and pools that are gone', async () => {
  const { sources, scrape } = createMetrics();
  sources.cluster = { trackers: [], groups: [groupState([storageServerState()])] };
  expect((await scrape())('connections_open')).toBe(3);
  sources.cluster = { trackers: [], groups: [] };
  sources.pools = [];
  const value = await scrape();
  expect(value('storage_server_free_bytes')).toBeNull();
  expect(value('connections_open')).toBeNull();
});

it('tells of pools, the index and the queues', async () => {
  const { sources, scrape } = createMetrics();
  sources.index = {
    ...idle,
    writesWaiting: 4,
    writeCount: 100,
    writeBatchCount: 10,
    writeFailures: { full: 1, overloaded: 0, failed: 0 },
    databaseSizeBytes: 8_192,
    logSizeBytes: 4_096,
  };
  sources.deletions = [
    {
      groupName: 'group1',
      queuedCount: 7,
      dueCount: 5,
      failingCount: 2,
      oldestQueuedAtMs: 1_500,
    },
  ];
  sources.replicaChecks = 11;
  const value = await scrape();
  expect(value('connections_open', { server: '10.0.0.2:23000' })).toBe(3);
  expect(value('connections_idle')).toBe(1);
  expect(value('connection_waiters')).toBe(2);
  expect(value('index_waiting', { thread: 'writer' })).toBe(4);
  expect(value('index_writes_total')).toBe(100);
  expect(value('index_write_batches_total')).toBe(10);
  expect(value('index_write_failures_total', { reason: 'full' })).toBe(1);
  expect(value('index_size_bytes', { file: 'database' })).toBe(8_192);
  expect(value('index_size_bytes', { file: 'log' })).toBe(4_096);
  expect(value('deletion_queue_files', { group: 'group1' })).toBe(7);
  expect(value('deletion_queue_failing_files', { group: 'group1' })).toBe(2);
  expect(value('deletion_queue_oldest_timestamp_seconds', { group: 'group1' })).toBe(1.5);
  expect(value('replica_checks_waiting')).toBe(11);
  const oldestDue = 'replica_checks_oldest_due_timestamp_seconds';
  expect(value(oldestDue, { group: 'group1' })).toBe(5.5);
});

it('counts what became of the files to delete', async () => {
  const { metrics, scrape } = createMetrics();
  const run = { deletedCount: 3, refusedCount: 1, openCount: 0, refused: null, unreachable: null };
  metrics.deletions.count('group1', run);
  metrics.deletions.count('group1', { ...run, unreachable: new Error('refused') });
  const value = await scrape();
  expect(value('deletions_total', { group: 'group1', outcome: 'deleted' })).toBe(6);
  expect(value('deletions_total', { group: 'group1', outcome: 'refused' })).toBe(2);
  expect(value('deletion_runs_unreachable_total', { group: 'group1' })).toBe(1);
});

it('has the metrics of the process under their usual names', async () => {
  const { metrics } = createMetrics();
  const samples = parseMetrics(await metrics.render());
  expect(sampleValue(samples, 'process_resident_memory_bytes')).toBeGreaterThan(0);
  expect(sampleValue(samples, 'nodejs_eventloop_lag_p99_seconds')).not.toBeNull();
});

it('two gateways of one process count apart', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.metrics.requests.of('s3').started();
  expect((await one.scrape())('requests_in_flight', { door: 's3' })).toBe(1);
  expect((await other.scrape())('requests_in_flight', { door: 's3' })).toBe(0);
});

it('counts looks at replicas and repairs', async () => {
  const { metrics, scrape } = createMetrics();
  for (const verdict of ['whole', 'whole', 'single-copy'] as const) {
    metrics.replicas.count({ kind: 'checked', verdict });
  }
  metrics.replicas.count({ kind: 'repaired' });
  metrics.replicas.count({ kind: 'repair-failed' });
  metrics.replicas.count({ kind: 'lost' });
  const value = await scrape();
  expect(value('replica_checks_total', { verdict: 'whole' })).toBe(2);
  expect(value('replica_checks_total', { verdict: 'single-copy' })).toBe(1);
  expect(value('replica_repairs_total', { outcome: 'repaired' })).toBe(1);
  expect(value('replica_repairs_total', { outcome: 'failed' })).toBe(1);
  expect(value('lost_files_total')).toBe(1);
});

it('tells how full the spool is', async () => {
  const value = await createMetrics().scrape();
  expect(value('spool_bytes', { kind: 'used' })).toBe(7);
  expect(value('spool_bytes', { kind: 'limit' })).toBe(100);
});
