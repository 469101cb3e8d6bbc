import type { FieldReader, FieldWriter } from './fields.ts';

/** stat  connection counters, int32 each; missing in the 600-byte record */
const CONNECTION_FIELDS = [
  'connectionAllocCount',
  'connectionCurrentCount',
  'connectionMaxCount',
] as const;

/** stat, continued  int64 each, in wire order */
const COUNTER_FIELDS = [
  'totalUploadCount',
  'successUploadCount',
  'totalAppendCount',
  'successAppendCount',
  'totalModifyCount',
  'successModifyCount',
  'totalTruncateCount',
  'successTruncateCount',
  'totalSetMetaCount',
  'successSetMetaCount',
  'totalDeleteCount',
  'successDeleteCount',
  'totalDownloadCount',
  'successDownloadCount',
  'totalGetMetaCount',
  'successGetMetaCount',
  'totalCreateLinkCount',
  'successCreateLinkCount',
  'totalDeleteLinkCount',
  'successDeleteLinkCount',
  'totalUploadBytes',
  'successUploadBytes',
  'totalAppendBytes',
  'successAppendBytes',
  'totalModifyBytes',
  'successModifyBytes',
  'totalDownloadBytes',
  'successDownloadBytes',
  'totalSyncInBytes',
  'successSyncInBytes',
  'totalSyncOutBytes',
  'successSyncOutBytes',
  'totalFileOpenCount',
  'successFileOpenCount',
  'totalFileReadCount',
  'successFileReadCount',
  'totalFileWriteCount',
  'successFileWriteCount',
  // Last change made here by a client, on this storage server's clock.
  'lastSourceUpdate',
  // Last change received from a peer.
  'lastSyncUpdate',
  // How far the files of the peers have been received, as a timestamp of their source.
  'lastSyncedTimestamp',
  // On the clock of the tracker that was asked.
  'lastHeartBeatTime',
] as const;

type StatField = (typeof CONNECTION_FIELDS)[number] | (typeof COUNTER_FIELDS)[number];

/**
 * What a storage server counts since it was set up. Times are seconds since 1970. Rounded above
 * 2^53; the connection counters are 0 in the oldest record, which has none.
 */
export type StorageStat = { readonly [field in StatField]: number };

export function readStorageStat(fields: FieldReader, hasConnections: boolean): StorageStat {
  const stat = emptyStorageStat();
  if (hasConnections) for (const field of CONNECTION_FIELDS) stat[field] = fields.int32();
  for (const field of COUNTER_FIELDS) stat[field] = fields.counter();
  return stat;
}

export function writeStorageStat(
  fields: FieldWriter,
  stat: StorageStat,
  hasConnections: boolean,
): void {
  if (hasConnections) for (const field of CONNECTION_FIELDS) fields.int32(stat[field]);
  for (const field of COUNTER_FIELDS) fields.counter(stat[field]);
}

/** All zero, to be filled in. */
export function emptyStorageStat(): { [field in StatField]: number } {
  const entries = [...CONNECTION_FIELDS, ...COUNTER_FIELDS].map((field) => [field, 0] as const);
  return Object.fromEntries(entries) as { [field in StatField]: number };
}
