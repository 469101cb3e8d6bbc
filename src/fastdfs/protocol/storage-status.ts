/** States of a storage server as a tracker knows them. Only ACTIVE ones are given to clients. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'INIT',
  1: 'WAIT_SYNC',
  2: 'SYNCING',
  3: 'IP_CHANGED',
  4: 'DELETED',
  5: 'OFFLINE',
  6: 'ONLINE',
  7: 'ACTIVE',
  9: 'RECOVERY',
  99: 'NONE',
};

/** Status of a storage server that takes requests. */
export const STORAGE_STATUS_ACTIVE = 7;
/** Statuses of one that left its group, or goes by another address now. */
export const STORAGE_STATUS_DELETED = 4;
export const STORAGE_STATUS_IP_CHANGED = 3;

const STORAGE_STATUS_OFFLINE = 5;
const STORAGE_STATUS_ONLINE = 6;

/** Whether the storage server has its files, though the tracker may have lost sight of it. */
export function isInService(status: number): boolean {
  return (
    status === STORAGE_STATUS_ACTIVE ||
    status === STORAGE_STATUS_ONLINE ||
    status === STORAGE_STATUS_OFFLINE
  );
}

/** Bits of a storage server's read and write mode, 6.13 and later. */
export const RW_MODE_WRITE = 2;
export const RW_MODE_READ = 4;
export const RW_MODE_BOTH = RW_MODE_READ | RW_MODE_WRITE;

/** `ACTIVE`, or `status 8` for a number that has no name. */
export function storageStatusName(status: number): string {
  return NAMES[status] ?? `status ${status}`;
}
