import type { Bucket, ObjectRecord, ObjectSubresources } from '../object-index/records.ts';
import type { ChangeObjectRequest } from '../object-index/write-requests.ts';
import { GatewayError } from './errors.ts';
import { checkKey } from './names.ts';
import type { CoreServices } from './services.ts';

/** A version of an object by its names; the current one when `versionId` is null. */
export interface ObjectVersionName {
  readonly bucket: Bucket;
  readonly key: string;
  readonly versionId: string | null;
}

/**
 * Changes tags, ACL, retention or legal hold of one version, and gives it as it is then. Throws
 * `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` for a delete marker, and `AccessDenied` where
 * object lock forbids the new retention.
 */
export async function changeObject(
  { index }: Pick<CoreServices, 'index'>,
  { bucket, key, versionId }: ObjectVersionName,
  change: Partial<ObjectSubresources>,
  options: Pick<ChangeObjectRequest, 'bypassesGovernance' | 'objectId'> = {},
): Promise<ObjectRecord> {
  checkKey(key);
  const request = { bucketId: bucket.id, key, versionId, change, ...options };
  const changed = await index.changeObject(request);
  switch (changed.outcome) {
    case 'changed':
      return changed.object;
    case 'no-such-object':
      if (versionId === null) throw new GatewayError('NoSuchKey', { Key: key });
      throw new GatewayError('NoSuchVersion', { Key: key, VersionId: versionId });
    case 'replaced':
      throw new GatewayError('ConditionalRequestConflict', {
        message: 'The object was replaced while it was changed. Try again.',
      });
    case 'delete-marker':
      throw new GatewayError('MethodNotAllowed', { ResourceType: 'DeleteMarker' });
    case 'locked':
      throw lockedObject();
  }
}

/** Object lock is in the way, in AWS's words. */
export function lockedObject(): GatewayError {
  return new GatewayError('AccessDenied', {
    message: 'Access Denied because object protected by object lock.',
  });
}
