import { setTimeout as sleep } from 'node:timers/promises';
import { listAllGroups } from '../../../src/fastdfs/protocol/commands/list-groups.ts';
import {
  listStorages,
  type StorageRecord,
} from '../../../src/fastdfs/protocol/commands/list-storages.ts';
import { STORAGE_STATUS_ACTIVE } from '../../../src/fastdfs/protocol/storage-status.ts';
import type { HostPort } from '../../../src/support/units.ts';
import { RawConnection } from '../raw-fastdfs.ts';

const POLL_INTERVAL_MS = 20;
const TIMEOUT_MS = 90_000;

export interface ListedStorage extends StorageRecord {
  readonly groupName: string;
}

/** All storage servers that a tracker lists, whatever their status; empty when it does not answer. */
export async function listStorageServers(tracker: HostPort): Promise<readonly ListedStorage[]> {
  let connection: RawConnection;
  try {
    connection = await RawConnection.open(tracker);
  } catch {
    return [];
  }
  try {
    const groups = await connection.request(listAllGroups, undefined);
    if (groups === null || groups.status !== 0) return [];
    const records: ListedStorage[] = [];
    for (const { groupName } of listAllGroups.decodeResponse(groups.body)) {
      const storages = await connection.request(listStorages, { groupName, storageId: null });
      if (storages?.status !== 0) continue;
      const listed = listStorages.decodeResponse(storages.body);
      records.push(...listed.map((record) => ({ ...record, groupName })));
    }
    return records;
  } finally {
    connection.vanish();
  }
}

/** Resolves when each tracker has at least `count` storage servers ACTIVE. */
export async function waitUntilActive(trackers: readonly HostPort[], count: number): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (const tracker of trackers) {
    for (;;) {
      const storages = await listStorageServers(tracker);
      const active = storages.filter(({ status }) => status === STORAGE_STATUS_ACTIVE);
      if (active.length >= count) break;
      if (performance.now() > deadline) {
        throw new Error(`${active.length} of ${count} storage servers became ACTIVE`);
      }
      await sleep(POLL_INTERVAL_MS);
    }
  }
}
