import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import {
  type Access,
  authorize,
  getBucket,
  hideMissing,
  requireAllowed,
} from '../access/access.ts';
import { GatewayError } from '../errors.ts';
import { getRecord } from '../get-object.ts';
import type { CoreServices } from '../services.ts';

/** Names the current version of an object; the empty string is a key. */
export interface ObjectName {
  readonly bucketName: string;
  readonly key: string;
}

export interface FoundEntry {
  readonly bucket: Bucket;
  readonly object: ObjectRecord;
}

/**
 * An object to which the caller may do all of this. Throws `NoSuchBucket`, `AccessDenied`, and
 * `NoSuchKey` to those who may know.
 */
export async function getEntry(
  core: CoreServices,
  access: Access,
  actions: readonly string[],
  { bucketName, key }: ObjectName,
): Promise<FoundEntry> {
  const bucket = await getBucket(core, bucketName);
  try {
    for (const action of actions) await authorize(core, access, action, { bucket, key });
    const object = await getRecord(core, bucket, key, null);
    for (const action of actions) requireAllowed(access, action, { bucket, key, object });
    return { bucket, object };
  } catch (error) {
    throw hideMissing(error, access, bucket);
  }
}

/** How often a change looks again when others changed the object meanwhile. */
export const changeAttemptsMax = 10;

/** Others change the object faster than this change can be made. */
export function keepsChanging(): GatewayError {
  return new GatewayError('ConditionalRequestConflict', {
    message: 'The file was changed by others meanwhile. Try again.',
  });
}
