import type { Bucket } from '../object-index/records.ts';
import { GatewayError } from './errors.ts';
import type { Caller, CoreServices } from './services.ts';

/** A caller may use the buckets it owns; root may use every bucket. */
function mayUseBucket(caller: Caller, bucket: Bucket): boolean {
  return caller.isRoot || bucket.ownerId === caller.userId;
}

/**
 * The bucket of that name, for a caller that may use it. Throws `NoSuchBucket` when there is none
 * and `AccessDenied` when it is another user's.
 */
export async function getBucket(
  core: Pick<CoreServices, 'index'>,
  caller: Caller,
  bucketName: string,
): Promise<Bucket> {
  const bucket = await core.index.findBucket(bucketName);
  if (!bucket) throw new GatewayError('NoSuchBucket', { BucketName: bucketName });
  if (!mayUseBucket(caller, bucket)) throw new GatewayError('AccessDenied');
  return bucket;
}
