import type { Bucket } from '../object-index/records.ts';
import { GatewayError } from './errors.ts';
import { checkKey } from './names.ts';
import type { CoreServices } from './services.ts';
import { isOnlyVersion } from './version-id.ts';

/** Keys of one DeleteObjects. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deletedKeysMax = 1000;

export interface ObjectToDelete {
  readonly key: string;
  /** Null for the current version. */
  readonly versionId: string | null;
}

export interface DeleteFailure extends ObjectToDelete {
  readonly error: GatewayError;
}

export interface DeleteResult {
  /** In the order of the request; a key that did not exist counts as deleted. */
  readonly deleted: readonly ObjectToDelete[];
  readonly failed: readonly DeleteFailure[];
}

/**
 * Deletes one key; no error when there is nothing under it. Throws `InvalidArgument` for what can
 * be no version id.
 */
export async function deleteObject(
  core: CoreServices,
  bucket: Bucket,
  object: ObjectToDelete,
): Promise<void> {
  checkKey(object.key);
  if (isOnlyVersion(object.versionId)) await core.index.deleteObjects(bucket.id, [object.key]);
}

/** Deletes up to 1000 keys in one transaction; keys that cannot be are told one by one. */
export async function deleteObjects(
  core: CoreServices,
  bucket: Bucket,
  objects: readonly ObjectToDelete[],
): Promise<DeleteResult> {
  const deleted: ObjectToDelete[] = [];
  const keys = new Set<string>();
  const failed: DeleteFailure[] = [];
  for (const object of objects) {
    try {
      checkKey(object.key);
      if (isOnlyVersion(object.versionId)) keys.add(object.key);
      deleted.push(object);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      failed.push({ ...object, error });
    }
  }
  if (keys.size > 0) await core.index.deleteObjects(bucket.id, [...keys]);
  return { deleted, failed };
}
