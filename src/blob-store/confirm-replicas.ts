import { renderAddress } from '../fastdfs/client/server-address.ts';
import { uploadFile } from '../fastdfs/protocol/commands/upload-file.ts';
import { parseFileId } from '../fastdfs/protocol/file-id.ts';
import { BlobStoreError, type StoredFile } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { ReplicaWait } from './replica-wait.ts';
import type { TakenFile } from './store-segment.ts';

/**
 * Waits until `minReplicas` storage servers have a file that one has taken: FastDFS answers then,
 * and copies the file to the others 0.05 to 1 s later. When the group loses the servers that could
 * get it, `storeElsewhere`, if there is one, stores the file in another group once more.
 *
 * Resolves with the file, and whether all members of its group have it. Rejects with
 * `BlobStoreError` ('unavailable') when too few get it in time and that counts as a failure, and
 * with the signal's reason.
 */
export async function confirmReplicas(
  cluster: Cluster,
  first: TakenFile,
  signal: AbortSignal,
  storeElsewhere: ((lostGroupName: string) => Promise<TakenFile>) | null,
): Promise<StoredFile> {
  const { replicaWaitFailure } = cluster.writes;
  const startedAtMs = performance.now();
  let taken = first;
  let wait = await waitFor(cluster, taken, signal);
  if (storeElsewhere !== null && wait.isHopeless && replicaWaitFailure === 'fail') {
    taken = (await move(cluster, taken, storeElsewhere)) ?? taken;
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

/** Null when no other group takes the file. */
async function move(
  cluster: Cluster,
  { file, takenBy }: TakenFile,
  storeElsewhere: (lostGroupName: string) => Promise<TakenFile>,
): Promise<TakenFile | null> {
  const { groupName } = parseFileId(file.fileId);
  const error = new Error(`${groupName} lost the storage servers that ${file.fileId} needs`);
  const server = renderAddress(takenBy);
  cluster.onEvent({ kind: 'failover', command: uploadFile.name, server, error });
  try {
    return await storeElsewhere(groupName);
  } catch (failure) {
    if (failure instanceof BlobStoreError) return null;
    throw failure;
  }
}

function problemOf({ confirmedCount, wantedCount }: ReplicaWait, { file }: TakenFile): string {
  return `${file.fileId} reached ${confirmedCount} of ${wantedCount} storage servers`;
}
