import type { Bucket } from '../../object-index/records.ts';
import { GatewayError } from '../errors.ts';
import type { Caller, CoreServices } from '../services.ts';
import { aclOfBucket, isPublicAcl } from './acl.ts';
import { hasAcls, publicAccessBlockOf } from './bucket-access-settings.ts';
import { type BucketPolicy, bucketPolicy, parseBucketPolicy } from './policy/stored-policies.ts';

/**
 * Stores a policy as it was sent. Throws `MalformedPolicy`, `AccessDenied` for a public one of a
 * bucket that blocks those, and `MethodNotAllowed` for callers that do not own the bucket.
 */
export async function putBucketPolicy(
  core: Pick<CoreServices, 'index'>,
  caller: Caller,
  bucket: Bucket,
  text: string,
): Promise<void> {
  refuseOtherAccounts(caller, bucket);
  const policy = parseBucketPolicy(text, bucket.name);
  if (policy.isPublic && publicAccessBlockOf(bucket).blockPublicPolicy) {
    throw new GatewayError('AccessDenied', {
      message: 'Public policies are blocked by the BlockPublicPolicy setting of this bucket.',
    });
  }
  await bucketPolicy.put(core, bucket, policy);
}

/** Throws `NoSuchBucketPolicy`, and `MethodNotAllowed` for callers that do not own the bucket. */
export function getBucketPolicy(caller: Caller, bucket: Bucket): BucketPolicy {
  refuseOtherAccounts(caller, bucket);
  const policy = bucketPolicy.of(bucket);
  if (!policy) throw new GatewayError('NoSuchBucketPolicy', { BucketName: bucket.name });
  return policy;
}

/** No error where there is none. Throws `MethodNotAllowed` as the others do. */
export async function deleteBucketPolicy(
  core: Pick<CoreServices, 'index'>,
  caller: Caller,
  bucket: Bucket,
): Promise<void> {
  refuseOtherAccounts(caller, bucket);
  await bucketPolicy.put(core, bucket, null);
}

/** No policy can hand itself over to other accounts, whatever it says: AWS answers 405. */
function refuseOtherAccounts({ isRoot, userId }: Caller, bucket: Bucket): void {
  if (isRoot || bucket.ownerId === userId) return;
  throw new GatewayError('MethodNotAllowed');
}

/** Whether its policy or its ACL opens a bucket to the world, as far as its settings let them. */
export function isPublicBucket(bucket: Bucket): boolean {
  const { ignorePublicAcls, restrictPublicBuckets } = publicAccessBlockOf(bucket);
  const opensByAcl = !ignorePublicAcls && hasAcls(bucket) && isPublicAcl(aclOfBucket(bucket));
  const opensByPolicy = !restrictPublicBuckets && bucketPolicy.of(bucket)?.isPublic === true;
  return opensByAcl || opensByPolicy;
}
