import type { ServerAddress } from '../fastdfs/client/server-address.ts';
import { BlobStoreError, type StoredFile } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { ReplicaWait } from './replica-wait.ts';

const outcomeOf = { fail: 'failed', accept: 'accepted' } as const;

/**
 * Waits until `minReplicas` storage servers have a file that one has taken: FastDFS answers then,
 * and copies the file to the others 0.05 to 1 s later.
 *
 * Resolves with the file, and whether all members of its group have it. Rejects with
 * `BlobStoreError` ('unavailable') when too few get it in time and that counts as a failure, and
 * with the signal's reason.
 */
export async function confirmReplicas(
  cluster: Cluster,
  file: StoredFile,
  takenBy: ServerAddress,
  signal: AbortSignal,
): Promise<StoredFile> {
  const { minReplicas, replicaWaitMs, replicaWaitFailure } = cluster.writes;
  if (minReplicas === 1) return file;
  const { fileId } = file;
  const startedAtMs = performance.now();
  const wait = await ReplicaWait.prepare(cluster, fileId, takenBy);
  await wait.run(replicaWaitMs, signal);
  const outcome = wait.isEnough ? 'confirmed' : outcomeOf[replicaWaitFailure];
  const durationMs = performance.now() - startedAtMs;
  cluster.onEvent({ kind: 'replica-wait', fileId, outcome, durationMs });
  if (outcome !== 'failed') return { ...file, isReplicated: wait.isEverywhere };
  throw new BlobStoreError(
    'unavailable',
    `${fileId} reached ${wait.confirmedCount} of ${minReplicas} storage servers ` +
      `within ${Math.round(durationMs)} ms`,
  );
}
