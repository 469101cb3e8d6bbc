import type { BlobStore } from '../blob-store/blob-store.ts';
import type { Bucket, ObjectDescription } from '../object-index/records.ts';
import type { Logger } from '../support/logger.ts';

/** FastDFS groups by what a client names; where nothing is found, the gateway's placement chooses. */
export interface GroupMappings {
  /** By LocationConstraint of a bucket. */
  readonly locationGroups: ReadonlyMap<string, string>;
  /** By storage class of an object; STANDARD, which is that of all others, is not in it. */
  readonly storageClassGroups: ReadonlyMap<string, string>;
}

/**
 * The FastDFS group that must take an object's files; null when any may. The storage class wins:
 * it is said of this object, the location of the bucket as a whole.
 */
export function groupNameOf(
  mappings: GroupMappings,
  bucket: Pick<Bucket, 'locationConstraint'>,
  description: ObjectDescription,
): string | null {
  const storageClass = description.headers['x-amz-storage-class'] ?? '';
  const { locationConstraint } = bucket;
  return (
    mappings.storageClassGroups.get(storageClass) ??
    mappings.locationGroups.get(locationConstraint ?? '') ??
    null
  );
}

/** Tells the log of mapped groups that no tracker lists, once a tracker has told of any. */
export async function warnOfUnknownGroups(core: {
  readonly blobs: Pick<BlobStore, 'clusterState'>;
  readonly settings: GroupMappings;
  readonly logger: Logger;
}): Promise<void> {
  const { locationGroups, storageClassGroups } = core.settings;
  const mapped = new Set([...locationGroups.values(), ...storageClassGroups.values()]);
  if (mapped.size === 0) return;
  const { groups } = await core.blobs.clusterState();
  const known = new Set(groups.map(({ groupName }) => groupName));
  const unknown = [...mapped].filter((groupName) => !known.has(groupName));
  if (known.size === 0 || unknown.length === 0) return;
  const problem =
    'locations or storage classes name groups that no tracker lists; writes to them fail';
  core.logger.warn({ groups: unknown }, problem);
}
