import type { GroupState, StorageServerState } from '../../src/blob-store/blob-store.ts';

/** A healthy storage server as the trackers describe it, with what a test wants otherwise. */
export function storageServerState(given: Partial<StorageServerState> = {}): StorageServerState {
  return {
    id: '100001',
    host: '10.0.0.2',
    port: 23000,
    status: 'ACTIVE',
    version: '6.16.1',
    totalMib: 1024,
    freeMib: 256,
    reservedMib: 10,
    isReadable: true,
    isWritable: true,
    lastHeartbeatMs: 0,
    lastSourceUpdateMs: 0,
    lastSyncedMs: 0,
    breakers: { read: 'closed', write: 'closed' },
    ...given,
  };
}

/** A group of the storage servers, named group1 unless told otherwise. */
export function groupState(
  storageServers: readonly StorageServerState[],
  given: Partial<GroupState> = {},
): GroupState {
  return {
    groupName: 'group1',
    totalMib: 1024,
    freeMib: 256,
    reservedMib: 10,
    storageServers,
    ...given,
  };
}
