import type { ServerAddress } from '../fastdfs/client/server-address.ts';
import { storageStatusName } from '../fastdfs/protocol/storage-status.ts';
import type { Cluster } from './cluster.ts';
import type { StorageGroup, StorageServer } from './cluster-snapshot.ts';
import type {
  ClusterState,
  GroupState,
  StorageServerState,
  TrackerState,
} from './cluster-state.ts';

/** What is known of the cluster; only the first caller after a start waits for it. Never rejects. */
export async function readClusterState(cluster: Cluster): Promise<ClusterState> {
  const groups = await cluster.view.groups();
  await cluster.monitor.settled();
  return {
    trackers: cluster.trackers.trackers.map((tracker) => trackerState(cluster, tracker)),
    groups: groups.map((group) => groupState(cluster, group)),
  };
}

function trackerState({ monitor }: Cluster, tracker: ServerAddress): TrackerState {
  const problem = monitor.problemOf(tracker);
  return { host: tracker.host, port: tracker.port, reachable: problem === null, problem };
}

function groupState(cluster: Cluster, group: StorageGroup): GroupState {
  const { groupName, totalMib, freeMib, reservedMib } = group;
  const storageServers = group.members.map((server) => storageServerState(cluster, server));
  return { groupName, totalMib, freeMib, reservedMib, storageServers };
}

function storageServerState({ health }: Cluster, server: StorageServer): StorageServerState {
  const { record } = server;
  return {
    id: server.id,
    host: server.host,
    port: server.port,
    status: storageStatusName(record.status),
    version: record.version,
    totalMib: record.totalMb,
    freeMib: server.freeMib,
    reservedMib: server.reservedMib,
    isReadable: server.isReadable,
    isWritable: server.isWritable,
    lastHeartbeatMs: record.stat.lastHeartBeatTime * 1000,
    lastSourceUpdateMs: record.stat.lastSourceUpdate * 1000,
    lastSyncedMs: server.lastSyncedS * 1000,
    breakers: { read: health.state(server, 'read'), write: health.state(server, 'write') },
  };
}
