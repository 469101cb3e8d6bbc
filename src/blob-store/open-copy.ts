import type { Readable } from 'node:stream';
import { FastdfsConnectionError } from '../fastdfs/client/errors.ts';
import { renderAddress } from '../fastdfs/client/server-address.ts';
import { FASTDFS_STATUS } from '../fastdfs/protocol/errors.ts';
import { BlobStoreError } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { hasStatus, toBlobStoreError } from './fastdfs-errors.ts';
import { readFileId } from './read-file-id.ts';

/**
 * All bytes that one storage server has under a name, unchecked. Rejects with `BlobStoreError`
 * ('not-found', 'unavailable') or the signal's reason; a failure later destroys the stream.
 */
export async function openCopy(
  cluster: Cluster,
  fileId: string,
  serverName: string,
  signal: AbortSignal,
): Promise<Readable> {
  const { file } = readFileId(fileId);
  const members = await cluster.view.membersOf(file.groupName);
  const server = members.find((member) => renderAddress(member) === serverName);
  if (server === undefined) {
    throw new BlobStoreError('unavailable', `no tracker lists ${serverName} in ${file.groupName}`);
  }
  try {
    // A size of 0 asks for all that there is, however much that may be.
    return await cluster.storage.downloadFile(server, { ...file, offset: 0, size: 0 }, signal);
  } catch (error) {
    if (error instanceof FastdfsConnectionError) cluster.health.failed(server, 'read', error);
    if (!hasStatus(error, FASTDFS_STATUS.notFound)) throw toBlobStoreError(error);
    throw new BlobStoreError('not-found', `${serverName} does not have ${fileId}`, {
      cause: error,
    });
  }
}
