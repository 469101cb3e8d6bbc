import { nullVersionId, versionIdIn } from '../core/version-id.ts';
import type { Bucket } from '../object-index/records.ts';

/** `x-amz-version-id` of a version that is read; none where the bucket never had versions. */
export function versionHeaders(
  bucket: Pick<Bucket, 'versioning'>,
  version: { readonly versionId: string | null },
): { readonly 'x-amz-version-id': string | undefined } {
  return { 'x-amz-version-id': versionIdIn(bucket, version) ?? undefined };
}

/** The same for one that was written: a write that made the null version tells of none. */
export function writtenVersionHeaders({ versionId }: { readonly versionId: string | null }): {
  readonly 'x-amz-version-id': string | undefined;
} {
  const isNull = versionId === null || versionId === nullVersionId;
  return { 'x-amz-version-id': isNull ? undefined : versionId };
}
