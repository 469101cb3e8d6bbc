import { versionIdIn } from '../core/version-id.ts';
import type { Bucket } from '../object-index/records.ts';

/** `x-amz-version-id` of a version; none where the bucket never had versions. */
export function versionHeaders(
  bucket: Pick<Bucket, 'versioning'>,
  version: { readonly versionId: string | null },
): { readonly 'x-amz-version-id': string | undefined } {
  return { 'x-amz-version-id': versionIdIn(bucket, version) ?? undefined };
}
