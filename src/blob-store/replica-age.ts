import type { StorageServer } from './cluster-snapshot.ts';

/** By how much the clocks of the gateway and of storage servers may differ. */
const CLOCK_MARGIN_S = 5;
/** FastDFS's `storage_sync_file_max_delay`: by then every replica has a file. */
const SYNC_MAX_DELAY_S = 86_400;
/** FastDFS's `storage_sync_file_max_time`: how long one file takes at most when its turn comes. */
const SYNC_MAX_TIME_S = 300;

/**
 * Whether a replica should have a file that was stored at `timestamp`, by the rules that trackers
 * answer QUERY_FETCH by, with a margin for clocks. It may lack the file all the same: a source
 * that was killed loses what it had not noted for its peers yet.
 */
export function shouldHaveFile(
  { lastSyncedS }: Pick<StorageServer, 'lastSyncedS'>,
  timestamp: number,
  nowS: number,
): boolean {
  const ageS = nowS - timestamp - CLOCK_MARGIN_S;
  if (ageS > SYNC_MAX_DELAY_S || lastSyncedS > timestamp + CLOCK_MARGIN_S) return true;
  // After the last upload of a burst nothing newer ever comes that would push the sync time on.
  return ageS > SYNC_MAX_TIME_S && lastSyncedS + 1 >= timestamp;
}
