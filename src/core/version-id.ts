import { GatewayError } from './errors.ts';

/** The id by which clients name the version of an object that was never versioned. */
export const nullVersionId = 'null';

/** What AWS's version ids look like; ours never do, as long as buckets have no versions. */
const versionIdPattern = /^[A-Za-z0-9._-]{32}$/;

/**
 * Whether the id names the one version that a key can have: no id, or `null`. Throws
 * `InvalidArgument` for what can be no version id at all.
 */
export function isOnlyVersion(versionId: string | null): boolean {
  if (versionId === null || versionId === nullVersionId) return true;
  if (!versionIdPattern.test(versionId)) {
    throw new GatewayError('InvalidArgument', {
      message: 'Invalid version id specified',
      ArgumentName: 'versionId',
      ArgumentValue: versionId,
    });
  }
  return false;
}
