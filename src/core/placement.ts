import type { Bucket, ObjectDescription } from '../object-index/records.ts';

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
  bucket: Bucket,
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
