import type { Bucket, Quota, VersioningState } from './records.ts';
import { get, type Statements } from './statements.ts';

/** What of a bucket decides how it is written to. */
export interface BucketState extends Pick<Bucket, 'ownerId' | 'versioning' | 'hasObjectLock'> {
  /** On all versions in it together. */
  readonly quota: Quota;
  /** On all buckets of its owner together. */
  readonly ownerQuota: Quota;
}

/** As it is inside the writing transaction, in one statement; null when it is gone. */
export function* findBucketState(bucketId: number): Statements<BucketState | null> {
  const row = yield* get<{
    readonly owner_id: string;
    readonly versioning: VersioningState;
    readonly has_object_lock: number;
    readonly quota_bytes: number | null;
    readonly quota_objects: number | null;
    readonly owner_quota_bytes: number | null;
    readonly owner_quota_objects: number | null;
  }>(
    `SELECT b.owner_id, b.versioning, b.has_object_lock, b.quota_bytes, b.quota_objects,
        u.quota_bytes AS owner_quota_bytes, u.quota_objects AS owner_quota_objects
      FROM buckets b LEFT JOIN users u ON u.id = b.owner_id WHERE b.id = ?`,
    [bucketId],
  );
  if (!row) return null;
  return {
    ownerId: row.owner_id,
    versioning: row.versioning,
    hasObjectLock: row.has_object_lock === 1,
    quota: { sizeBytes: row.quota_bytes, objectCount: row.quota_objects },
    ownerQuota: { sizeBytes: row.owner_quota_bytes, objectCount: row.owner_quota_objects },
  };
}
