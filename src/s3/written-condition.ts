import { authorize } from '../core/access/access.ts';
import { GatewayError } from '../core/errors.ts';
import type { CoreServices } from '../core/services.ts';
import { writeCondition } from '../http/preconditions.ts';
import type { Bucket } from '../object-index/records.ts';
import type { WriteCondition } from '../object-index/write-requests.ts';
import type { S3Request } from './operation.ts';

/** What of an operation's context a condition needs. */
interface ConditionContext {
  readonly core: Pick<CoreServices, 'index'>;
  readonly bucket: Bucket;
}

/** The condition of a write, whose ETag the caller may know. Throws `AccessDenied`. */
export async function authorizedCondition(
  request: S3Request,
  context: ConditionContext,
): Promise<WriteCondition> {
  const condition = writeCondition(request.headers);
  await authorizeEtagMatch(request, context, condition.ifMatch);
  return condition;
}

/**
 * Whoever guesses ETags learns what an object holds: S3 wants them to be readers. `*` tells nothing.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export async function authorizeEtagMatch(
  { access, key }: S3Request,
  { core, bucket }: ConditionContext,
  ifMatch: readonly string[] | undefined,
): Promise<void> {
  if (!ifMatch?.some((etag) => etag !== '*')) return;
  try {
    await authorize(core, access, 's3:GetObject', { bucket, key });
  } catch (error) {
    // Nothing can be learned of what is not there: the operation says what comes of that.
    if (!(error instanceof GatewayError && error.code === 'NoSuchKey')) throw error;
  }
}
