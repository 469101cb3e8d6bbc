import { BlobStoreError, type SlaveName } from '../../blob-store/blob-store.ts';
import { type Access, authorize } from '../../core/access/access.ts';
import { findKnownFile } from '../../core/known-file.ts';
import type { NamedFileOptions } from '../../core/store-content.ts';
import type { Bucket } from '../../object-index/records.ts';
import { FilesError } from '../errors.ts';
import { fileIdOf } from './file-reference.ts';
import type { UploadRequest } from './upload-request.ts';

/** A slave file that is to be stored. */
export interface SlavePlan {
  /** That of its master. */
  readonly bucket: Bucket;
  readonly named: NamedFileOptions;
  readonly groupName: string;
}

/**
 * What `master` and `prefix` of an upload ask for; null without them. Applications compute the names
 * of slave files from their masters', so whoever stores one says what is shown for the master: that
 * takes the right to write the master. Throws 400 for names that cannot be, 404 for a master that is
 * not known, and `AccessDenied`.
 */
export async function planSlave(
  request: UploadRequest,
  access: Access,
  fields: ReadonlyMap<string, string>,
  extension: string,
): Promise<SlavePlan | null> {
  const master = request.parameter(fields, 'master');
  const prefix = request.parameter(fields, 'prefix');
  if (master === null && prefix === null) return null;
  if (master === null || prefix === null) {
    throw new FilesError(400, 'A slave file needs both master and prefix.');
  }
  const { core } = request.context;
  const masterFileId = fileIdOf(master);
  if (masterFileId === null) throw new FilesError(400, 'master is no file ID.');
  const slaveOf = { masterFileId, prefix };
  const own = extension === '' ? (/\.([^./]{1,6})$/.exec(masterFileId)?.[1] ?? '') : extension;
  const slaveId = slaveIdOf(request, slaveOf, own);
  const { places } = await findKnownFile(core, masterFileId);
  const [place] = places;
  if (!place) throw new FilesError(404, 'The master file does not exist.');
  const { bucket, object } = place;
  await authorize(core, access, 's3:PutObject', { bucket, key: object.key });
  await requireNotQueued(request, slaveId);
  const groupName = masterFileId.slice(0, masterFileId.indexOf('/'));
  return { bucket, named: { extension: own, slaveOf }, groupName };
}

function slaveIdOf({ context }: UploadRequest, slaveOf: SlaveName, extension: string): string {
  try {
    return context.core.blobs.slaveFileId(slaveOf, extension);
  } catch (error) {
    if (error instanceof BlobStoreError) throw new FilesError(400, error.message);
    throw error;
  }
}

/**
 * Names of slave files are the only ones that come again. What is deleted under such a name must be
 * gone before it is stored anew, or the deletion would take the new file.
 */
async function requireNotQueued({ context }: UploadRequest, slaveId: string): Promise<void> {
  if (!(await context.core.index.isQueuedForDeletion(slaveId))) return;
  throw new FilesError(409, 'A slave file of that name is being deleted. Try again later.', {
    headers: { 'retry-after': '60' },
  });
}
