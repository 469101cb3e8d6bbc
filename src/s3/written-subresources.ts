import { authorize } from '../core/access/access.ts';
import { GatewayError } from '../core/errors.ts';
import { checkHasObjectLock, retentionByDefault } from '../core/object-lock.ts';
import type { CoreServices } from '../core/services.ts';
import type { Bucket, ObjectSubresources } from '../object-index/records.ts';
import { hasIntegrityHeader } from './integrity-header.ts';
import { objectLockHeaders } from './object-lock.ts';
import type { S3Request } from './operation.ts';
import { taggingDirective, taggingHeader } from './tagging.ts';

interface WriteContext {
  readonly core: Pick<CoreServices, 'index' | 'now'>;
  readonly bucket: Bucket;
}

/**
 * What the headers of PutObject and CreateMultipartUpload give the object beside its description.
 * Throws `AccessDenied` unless the caller may set each of it, and what is wrong with the headers.
 */
export async function writtenSubresources(
  request: S3Request,
  context: WriteContext,
): Promise<Partial<ObjectSubresources>> {
  const tags = taggingHeader(request.headers);
  if (tags) await mayAlso('s3:PutObjectTagging', request, context);
  return { ...(tags && { tags }), ...(await writtenLock(request, context)) };
}

async function writtenLock(
  request: S3Request,
  context: WriteContext,
): Promise<Pick<ObjectSubresources, 'retention' | 'hasLegalHold'>> {
  const lock = objectLockHeaders(request.headers, context.core.now());
  const { retention, hasLegalHold } = lock;
  if (retention !== null || hasLegalHold !== null) checkHasObjectLock(context.bucket);
  if (retention !== null) await mayAlso('s3:PutObjectRetention', request, context);
  if (hasLegalHold !== null) await mayAlso('s3:PutObjectLegalHold', request, context);
  return lock;
}

/**
 * What cannot be deleted must not be garbage: S3 demands a digest of the body of each object that
 * is written with a lock. Throws `InvalidRequest`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export function checkLockedContent(
  { headers }: S3Request,
  { core, bucket }: WriteContext,
  { retention, hasLegalHold }: Partial<ObjectSubresources>,
): void {
  const isLocked = retention || hasLegalHold || retentionByDefault(bucket, core.now()) !== null;
  if (!isLocked || hasIntegrityHeader(headers)) return;
  throw new GatewayError('InvalidRequest', {
    message:
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
  });
}

/** The same for CopyObject: tags that are left out are those of the source. */
export async function copiedSubresources(
  request: S3Request,
  context: WriteContext,
): Promise<Partial<ObjectSubresources>> {
  const directive = taggingDirective(request.headers);
  if (directive === 'COPY') return await writtenLock(request, context);
  return { tags: null, ...(await writtenSubresources(request, context)) };
}

async function mayAlso(
  action: string,
  { access, key }: S3Request,
  { core, bucket }: WriteContext,
): Promise<void> {
  try {
    await authorize(core, access, action, { bucket, key });
  } catch (error) {
    // Of the object that is to be: that there is none yet is no news.
    const isMissing = error instanceof GatewayError && error.code === 'NoSuchKey';
    throw isMissing ? new GatewayError('AccessDenied', {}, { cause: error }) : error;
  }
}
