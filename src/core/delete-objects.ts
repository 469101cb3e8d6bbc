import type { DeleteCondition, DeletionResult } from '../object-index/deletion-requests.ts';
import type { Bucket } from '../object-index/records.ts';
import { lockedObject } from './change-object.ts';
import { GatewayError } from './errors.ts';
import { checkKey } from './names.ts';
import type { Caller, CoreServices } from './services.ts';
import { checkVersionId } from './version-id.ts';

/** Keys of one DeleteObjects. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deletedKeysMax = 1000;

export interface ObjectToDelete {
  readonly key: string;
  /** Null for the key: its object, or a delete marker on top where the bucket has versions. */
  readonly versionId: string | null;
  /** Counts only when there is something to delete. */
  readonly condition?: DeleteCondition;
  /** Whether the caller may, and wants to, delete in spite of GOVERNANCE retention. */
  readonly bypassesGovernance?: boolean;
}

export interface DeleteFailure {
  readonly object: ObjectToDelete;
  readonly error: GatewayError;
}

export interface DeletedObject extends ObjectToDelete {
  /** Of the delete marker that was written or removed; null when there was none. */
  readonly deleteMarkerVersionId: string | null;
}

export interface DeleteResult {
  /** In the order of the request; what did not exist counts as deleted. */
  readonly deleted: readonly DeletedObject[];
  readonly failed: readonly DeleteFailure[];
}

/**
 * Deletes one key or version; no error when there is nothing under it, unless If-Match demands it.
 * Throws `InvalidArgument` for what can be no version id, `PreconditionFailed` and `NoSuchKey`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
 */
export async function deleteObject(
  core: CoreServices,
  bucket: Bucket,
  object: ObjectToDelete,
  caller: Caller,
): Promise<DeletedObject> {
  const { deleted, failed } = await deleteObjects(core, bucket, [object], caller);
  for (const { error } of failed) throw error;
  return deleted[0] ?? { ...object, deleteMarkerVersionId: null };
}

/**
 * Deletes up to 1000 keys and versions, in one transaction unless they have very many segments;
 * what cannot be deleted is told one by one. A key that is listed with several conditions goes only
 * when all of them hold. Delete markers belong to the caller.
 */
export async function deleteObjects(
  core: CoreServices,
  bucket: Bucket,
  objects: readonly ObjectToDelete[],
  caller: Caller,
): Promise<DeleteResult> {
  const deleted: DeletedObject[] = [];
  const failed: DeleteFailure[] = [];
  const valid = objects.filter((object) => {
    const error = problemOf(object);
    if (error) failed.push({ object, error });
    return error === null;
  });
  const results = await deleteAll(core, bucket, valid, caller);
  for (const [position, object] of valid.entries()) {
    const result = results[position];
    if (result?.outcome === 'deleted') {
      deleted.push({ ...object, deleteMarkerVersionId: result.deleteMarkerVersionId });
    } else failed.push({ object, error: deletionError(object, result?.outcome) });
  }
  return { deleted, failed };
}

function deletionError(
  { key }: ObjectToDelete,
  outcome: DeletionResult['outcome'] | undefined,
): GatewayError {
  if (outcome === 'locked') return lockedObject();
  if (outcome === 'no-such-key') return new GatewayError('NoSuchKey', { Key: key });
  return new GatewayError('PreconditionFailed', { Condition: 'If-Match' });
}

/** Why nothing can have that name. */
function problemOf({ key, versionId }: ObjectToDelete): GatewayError | null {
  try {
    checkKey(key);
    checkVersionId(versionId);
    return null;
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
}

/** In as many transactions as it takes; gives a result for each. */
async function deleteAll(
  core: Pick<CoreServices, 'index'>,
  bucket: Bucket,
  deletions: readonly ObjectToDelete[],
  caller: Caller,
): Promise<readonly DeletionResult[]> {
  if (deletions.length === 0) return [];
  const results = await core.index.deleteObjects(bucket.id, deletions, caller.userId);
  const isUnfinished = (position: number) => results[position]?.outcome === 'unfinished';
  const left = deletions.filter((_, position) => isUnfinished(position));
  if (left.length === 0) return results;
  const others = (await deleteAll(core, bucket, left, caller)).values();
  return results.map((result, position) =>
    isUnfinished(position) ? (others.next().value ?? result) : result,
  );
}
