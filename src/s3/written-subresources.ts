import { authorize } from '../core/access/access.ts';
import type { CoreServices } from '../core/services.ts';
import type { Bucket, ObjectSubresources } from '../object-index/records.ts';
import type { S3Request } from './operation.ts';
import { taggingDirective, taggingHeader } from './tagging.ts';

interface WriteContext {
  readonly core: Pick<CoreServices, 'index'>;
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
  return { ...(tags && { tags }) };
}

/** The same for CopyObject: tags that are left out are those of the source. */
export async function copiedSubresources(
  request: S3Request,
  context: WriteContext,
): Promise<Partial<ObjectSubresources>> {
  if (taggingDirective(request.headers) === 'COPY') return {};
  return { tags: null, ...(await writtenSubresources(request, context)) };
}

async function mayAlso(
  action: string,
  { access, ...request }: S3Request,
  { core, bucket }: WriteContext,
): Promise<void> {
  await authorize(core, access, action, { bucket, key: request.key });
}
