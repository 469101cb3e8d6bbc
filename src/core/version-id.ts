import type { Bucket } from '../object-index/records.ts';
import { GatewayError } from './errors.ts';

/** The id by which clients name the null version: what was written without versioning. */
export const nullVersionId = 'null';

/** What version ids look like, ours and AWS's. */
const versionIdPattern = /^[A-Za-z0-9._-]{32}$/;

/** What clients call a version; null where the bucket never had versions. */
export function versionIdIn(
  bucket: Pick<Bucket, 'versioning'>,
  { versionId }: { readonly versionId: string | null },
): string | null {
  return versionId ?? (bucket.versioning === null ? null : nullVersionId);
}

export function isVersionId(text: string): boolean {
  return text === nullVersionId || versionIdPattern.test(text);
}

/** Throws `InvalidArgument` for what can be no version id at all; null names none. */
export function checkVersionId(versionId: string | null): void {
  if (versionId === null || isVersionId(versionId)) return;
  throw new GatewayError('InvalidArgument', {
    message:
      versionId === '' ? 'Version id cannot be the empty string' : 'Invalid version id specified',
    ArgumentName: 'versionId',
    ArgumentValue: versionId,
  });
}
