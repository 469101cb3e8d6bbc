import { nullVersionId } from '../core/version-id.ts';
import type { Bucket, ObjectRecord } from '../object-index/records.ts';

/** `x-amz-version-id` of an answer about one version; none in buckets that never had versions. */
export function versionHeaders(
  bucket: Pick<Bucket, 'versioning'>,
  object: Pick<ObjectRecord, 'versionId'>,
): Readonly<Record<string, string>> {
  if (bucket.versioning === null) return {};
  return { 'x-amz-version-id': object.versionId ?? nullVersionId };
}
