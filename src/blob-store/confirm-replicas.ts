import { renderAddress } from '../fastdfs/client/server-address.ts';
import { uploadFile } from '../fastdfs/protocol/commands/upload-file.ts';
import { BlobStoreError, type StoredFile } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { ReplicaWait } from './replica-wait.ts';
import type { TakenFile } from './store-segment.ts';

/**
 * Waits until `minReplicas` storage servers have a file that one has taken: FastDFS answers then,
 * and copies the file to the others 0.05 to 1 s later. When the storage server that took it goes
 * down before, or too few are left that could get it, `storeAgain`, if there is one, stores the file
 * once more where the view promises better.
 *
 * Resolves with the file, and whether all members of its group have it. Rejects with
 * `BlobStoreError` ('unavailable') when too few get it in time and that counts as a failure, and
 * with the signal's reason.
 */
export async function confirmReplicas(
  cluster: Cluster,
  first: TakenFile,
  signal: AbortSignal,
  storeAgain: (() => Promise<TakenFile>) | null,
): Promise<StoredFile> {
  const { replicaWaitFailure } = cluster.writes;
  const startedAtMs = performance.now();
  let taken = first;
  let wait = await waitFor(cluster, taken, signal);
  const isLost = wait.hasLostSource || (wait.isHopeless && replicaWaitFailure === 'fail');
  if (storeAgain !== null && isLost) {
    taken = (await move(cluster, taken, storeAgain)) ?? taken;
    if (taken !== first) wait = await waitFor(cluster, taken, signal);
  }
  const { fileId } = taken.file;
  const outcome = wait.isEnough ? 'confirmed' : outcomeOf[replicaWaitFailure];
  const durationMs = performance.now() - startedAtMs;
  cluster.onEvent({ kind: 'replica-wait', fileId, outcome, durationMs });
  if (outcome !== 'failed') return { ...taken.file, isReplicated: wait.isEverywhere };
  throw new BlobStoreError('unavailable', `${problemOf(wait, taken)} in ${durationMs | 0} ms`);
}

const outcomeOf = { fail: 'failed', accept: 'accepted' } as const;

async function waitFor(
  cluster: Cluster,
  { file, takenBy }: TakenFile,
  signal: AbortSignal,
): Promise<ReplicaWait> {
  const wait = await ReplicaWait.prepare(cluster, file.fileId, takenBy);
  await wait.run(cluster.writes.replicaWaitMs, signal);
  return wait;
}

/** Null when no other storage server takes the file. */
async function move(
  cluster: Cluster,
  { file, takenBy }: TakenFile,
  storeAgain: () => Promise<TakenFile>,
): Promise<TakenFile | null> {
  const error = new Error(`the group lost storage servers that were to keep ${file.fileId}`);
  const server = renderAddress(takenBy);
  cluster.onEvent({ kind: 'failover', command: uploadFile.name, server, error });
  try {
    return await storeAgain();
  } catch (failure) {
    if (failure instanceof BlobStoreError) return null;
    throw failure;
  }
}

function problemOf({ confirmedCount, wantedCount }: ReplicaWait, { file }: TakenFile): string {
  return `${file.fileId} reached ${confirmedCount} of ${wantedCount} storage servers`;
}
