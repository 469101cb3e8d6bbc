import { authorize, getBucket } from '../../core/access/access.ts';
import type { Bucket } from '../../object-index/records.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuRequest, QiniuServices } from '../operation.ts';

/**
 * The bucket of that name, when the caller may do these of AWS's actions to it. Throws 400 without a
 * name, `NoSuchBucket` and `AccessDenied`.
 */
export async function findBucketFor(
  request: QiniuRequest,
  { core }: QiniuServices,
  bucketName: string | null,
  ...actions: readonly string[]
): Promise<Bucket> {
  if (!bucketName) throw new QiniuError(400, 'invalid argument: no bucket is named');
  request.concerns(bucketName, null);
  const bucket = await getBucket(core, bucketName);
  for (const action of actions) await authorize(core, request.access, action, { bucket });
  return bucket;
}
