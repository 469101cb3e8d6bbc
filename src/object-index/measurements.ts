import { stat } from 'node:fs/promises';
import type { IndexMeasurements } from './object-index.ts';
import type { RequestChannel } from './request-channel.ts';
import type { WriteHealth } from './write-health.ts';

/** What an operator watches of an index in the database at `path`. Never rejects. */
export async function measureIndex(
  path: string,
  writes: RequestChannel,
  reads: RequestChannel,
  health: WriteHealth,
): Promise<IndexMeasurements> {
  const { waitingCount, answeredCount, batchCount } = writes.counts;
  const listingsWaiting = reads.counts.waitingCount;
  const [databaseSizeBytes, logSizeBytes] = await Promise.all([
    sizeOf(path),
    sizeOf(`${path}-wal`),
  ]);
  return {
    writesWaiting: waitingCount,
    listingsWaiting,
    writeCount: answeredCount,
    writeBatchCount: batchCount,
    writeFailures: { ...health.failures },
    databaseSizeBytes,
    logSizeBytes,
  };
}

/** 0 for a file that is not there: the log goes with its last connection. */
async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
