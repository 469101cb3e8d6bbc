import { FastdfsConnectionError } from '../fastdfs/client/errors.ts';
import type { ServerAddress } from '../fastdfs/client/server-address.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import type { FileIdParts } from '../fastdfs/protocol/file-id.ts';
import { BlobStoreError } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { hasStatus, toBlobStoreError } from './fastdfs-errors.ts';
import { readFileId } from './read-file-id.ts';

/**
 * Deletes a file at its source, or at the server that the trackers name in its place. "Does not
 * exist" counts as done only from the source: a replica may not have the file yet, and would get
 * it after all. Rejects with `BlobStoreError` or the signal's reason.
 */
export async function deleteFile(
  cluster: Cluster,
  fileId: string,
  signal: AbortSignal,
): Promise<void> {
  const { file, source } = readFileId(fileId);
  try {
    const server = await cluster.view.findSource(file.groupName, source);
    if (server?.isWritable && !cluster.health.isAvoided(server, 'write')) {
      if (await deleteAt(cluster, server, file, signal)) return;
    }
    const target = await cluster.trackers.queryUpdate(file, signal);
    const isSource =
      server === null
        ? 'host' in source && source.host === target.host
        : server.host === target.host && server.port === target.port;
    await deleteNamed(cluster, target, isSource, file, signal);
  } catch (error) {
    throw toBlobStoreError(error);
  }
}

/** At the source; false when it cannot be talked to. */
async function deleteAt(
  cluster: Cluster,
  server: ServerAddress,
  file: FileIdParts,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await deleteNamed(cluster, server, true, file, signal);
    return true;
  } catch (error) {
    if (!(error instanceof FastdfsConnectionError)) throw error;
    cluster.health.failed(server, 'write', error);
    cluster.view.distrust();
    return false;
  }
}

async function deleteNamed(
  cluster: Cluster,
  server: ServerAddress,
  isSource: boolean,
  file: FileIdParts,
  signal: AbortSignal,
): Promise<void> {
  try {
    await cluster.storage.deleteFile(server, file, signal);
  } catch (error) {
    if (!hasStatus(error, FASTDFS_STATUS.notFound)) throw error;
    if (isSource) return;
    const problem = `${error.message}, but is not the file's source, which cannot be asked now`;
    throw new BlobStoreError('unavailable', problem, { cause: error });
  }
}
