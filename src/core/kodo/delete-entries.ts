import { type Access, authorize, getBucket, hideMissing } from '../access/access.ts';
import { deleteObjects } from '../delete-objects.ts';
import { GatewayError } from '../errors.ts';
import type { CoreServices } from '../services.ts';

/** Only what is there can be deleted. */
const mustExist = { ifMatch: ['*'] };

/**
 * Deletes current versions of a bucket in one transaction. Gives for each key why it was not: in the
 * first place `NoSuchKey`, which S3 does not mind; null for those that are gone. No key may come
 * twice. Throws `NoSuchBucket`.
 */
export async function deleteEntries(
  core: CoreServices,
  access: Access,
  bucketName: string,
  keys: readonly string[],
): Promise<readonly (GatewayError | null)[]> {
  const bucket = await getBucket(core, bucketName);
  const failures = new Map<string, GatewayError>();
  const fail = (key: string, error: unknown) => {
    const shown = hideMissing(error, access, bucket);
    if (!(shown instanceof GatewayError)) throw shown;
    failures.set(key, shown);
  };
  for (const key of keys) {
    // Awaits only where the object decides.
    if (access.allows('s3:DeleteObject', { bucket, key })) continue;
    try {
      await authorize(core, access, 's3:DeleteObject', { bucket, key });
    } catch (error) {
      fail(key, error);
    }
  }
  const wanted = keys
    .filter((key) => !failures.has(key))
    .map((key) => ({ key, versionId: null, condition: mustExist }));
  const { failed } = await deleteObjects(core, bucket, wanted, access.caller);
  for (const { object, error } of failed) {
    // A delete marker is nothing to delete.
    const isMissing = error.code === 'PreconditionFailed';
    fail(object.key, isMissing ? new GatewayError('NoSuchKey', { Key: object.key }) : error);
  }
  return keys.map((key) => failures.get(key) ?? null);
}
