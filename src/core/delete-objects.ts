import type { Bucket } from '../object-index/records.ts';
import type { ConditionalDeletion, DeleteCondition } from '../object-index/requests.ts';
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
  /** Counts only when there is something to delete. */
  readonly condition?: DeleteCondition;
}

export interface DeleteFailure {
  readonly object: ObjectToDelete;
  readonly error: GatewayError;
}

export interface DeleteResult {
  /** In the order of the request; a key that did not exist counts as deleted. */
  readonly deleted: readonly ObjectToDelete[];
  readonly failed: readonly DeleteFailure[];
}

/**
 * Deletes one key; no error when there is nothing under it, whatever the condition. Throws
 * `InvalidArgument` for what can be no version id, and `PreconditionFailed`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
 */
export async function deleteObject(
  core: CoreServices,
  bucket: Bucket,
  object: ObjectToDelete,
): Promise<void> {
  const { failed } = await deleteObjects(core, bucket, [object]);
  for (const { error } of failed) throw error;
}

/**
 * Deletes up to 1000 keys, in one transaction unless they have very many segments; keys that cannot
 * be deleted are told one by one. A key that is listed with several conditions goes only when all
 * of them hold.
 */
export async function deleteObjects(
  core: CoreServices,
  bucket: Bucket,
  objects: readonly ObjectToDelete[],
): Promise<DeleteResult> {
  const known: ObjectToDelete[] = [];
  const keys = new Set<string>();
  const conditional: ConditionalDeletion[] = [];
  const failed: DeleteFailure[] = [];
  for (const object of objects) {
    const { key, versionId, condition } = object;
    try {
      checkKey(key);
      if (isOnlyVersion(versionId)) {
        if (condition) conditional.push({ key, condition });
        else keys.add(key);
      }
      known.push(object);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      failed.push({ object, error });
    }
  }
  if (keys.size + conditional.length === 0) return { deleted: known, failed };
  const kept = await deleteKeys(core, bucket, [...keys], conditional);
  const deleted = known.filter((object) => !isKept(object, kept));
  for (const object of known) {
    if (isKept(object, kept))
      failed.push({ object, error: new GatewayError('PreconditionFailed') });
  }
  return { deleted, failed };
}

/** In as many transactions as it takes; gives the keys for which a condition does not hold. */
async function deleteKeys(
  { index }: Pick<CoreServices, 'index'>,
  bucket: Bucket,
  keys: readonly string[],
  conditional: readonly ConditionalDeletion[],
): Promise<ReadonlySet<string>> {
  const { kept, unfinished } = await index.deleteObjects(bucket.id, keys, conditional);
  if (unfinished.size === 0) return kept;
  const others = await deleteKeys(
    { index },
    bucket,
    keys.filter((key) => unfinished.has(key)),
    conditional.filter(({ key }) => unfinished.has(key)),
  );
  return new Set([...kept, ...others]);
}

function isKept(object: ObjectToDelete, kept: ReadonlySet<string>): boolean {
  return kept.has(object.key) && isOnlyVersion(object.versionId);
}
