import type { ServerAddress } from '../fastdfs/client/server-address.ts';
import type { StorageRecord } from '../fastdfs/protocol/commands/list-storages.ts';
import { storageStatusName } from '../fastdfs/protocol/storage-status.ts';
import type { ClusterState, GroupState, StorageServerState, TrackerState } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { type GroupListing, storageModes } from './cluster-view.ts';

/** Asks every tracker whether it is there, and one that is for the groups. Never rejects. */
export async function readClusterState({ trackers, view }: Cluster): Promise<ClusterState> {
  const [trackerStates, groups] = await Promise.all([
    Promise.all(
      trackers.trackers.map(async (tracker) => {
        try {
          await trackers.activeTest(tracker);
          return trackerState(tracker, null);
        } catch (error) {
          return trackerState(tracker, error instanceof Error ? error.message : String(error));
        }
      }),
    ),
    // When no tracker answers, their own states say so.
    view.list().then(
      (listings) => listings.map(groupState),
      () => [],
    ),
  ]);
  return { trackers: trackerStates, groups };
}

function trackerState({ host, port }: ServerAddress, problem: string | null): TrackerState {
  return { host, port, reachable: problem === null, problem };
}

function groupState({ group, storages }: GroupListing): GroupState {
  return {
    groupName: group.groupName,
    totalMib: group.totalMb,
    freeMib: group.freeMb,
    reservedMib: group.reservedMb ?? 0,
    storageServers: storages.map(storageServerState),
  };
}

function storageServerState(storage: StorageRecord): StorageServerState {
  return {
    id: storage.id,
    host: storage.host,
    port: storage.port,
    status: storageStatusName(storage.status),
    version: storage.version,
    totalMib: storage.totalMb,
    freeMib: storage.freeMb,
    reservedMib: storage.reservedMb ?? 0,
    ...storageModes(storage),
    lastHeartbeatMs: storage.stat.lastHeartBeatTime * 1000,
    lastSyncedMs: storage.stat.lastSyncedTimestamp * 1000,
    breakers: { read: 'closed', write: 'closed' },
  };
}
