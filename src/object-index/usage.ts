import { type BucketState, findBucketState } from './bucket-state.ts';
import type { Quota } from './records.ts';
import { get, run, type Statements, type WriteContext } from './statements.ts';
import type { Growth, QuotaExceeded, QuotaHolder, Usage } from './write-requests.ts';

/**
 * What buckets and users take. Triggers keep `bucket_usage` and `user_usage` (see migration 0005):
 * no write of objects can forget them. Delete markers and parts of unfinished uploads do not count.
 */

interface UsageRow {
  readonly object_count: number;
  readonly size_bytes: number;
}

/**
 * What a write of `size` bytes in the place of `replaced` adds; undefined where nothing goes, or
 * what was there before stays as an older version.
 */
export function growthOf(
  size: number,
  replaced: { readonly size: number; readonly is_delete_marker?: number } | undefined,
): Growth {
  if (!replaced || replaced.is_delete_marker === 1) return { objectCount: 1, sizeBytes: size };
  return { objectCount: 0, sizeBytes: size - replaced.size };
}

/**
 * Whether a bucket may grow; null when it may. No statement where no quota is set. A write that
 * lets nothing grow is never refused, so that one can get below a quota that is exceeded.
 */
export function* refusedGrowth(
  bucketId: number,
  bucket: BucketState,
  growth: Growth,
): Statements<QuotaExceeded | null> {
  for (const { usedBy, quota, usage } of yield* usageStates(bucketId, bucket)) {
    const exceeded = exceededBy(quota, usage, growth);
    if (exceeded) return { outcome: 'quota-exceeded', usedBy, ...exceeded };
  }
  return null;
}

/** As things are now; a write asks again inside its transaction. */
export function* findRefusedGrowth(
  bucketId: number,
  growth: Growth,
): Statements<QuotaExceeded | null> {
  const bucket = yield* findBucketState(bucketId);
  return bucket && (yield* refusedGrowth(bucketId, bucket, growth));
}

/** What of a quota would be exceeded; null when nothing. */
function exceededBy(
  quota: Quota,
  usage: Usage,
  growth: Growth,
): Pick<QuotaExceeded, 'unit' | 'quota' | 'used' | 'growth'> | null {
  const { sizeBytes, objectCount } = growth;
  if (quota.sizeBytes !== null && sizeBytes > 0 && usage.sizeBytes + sizeBytes > quota.sizeBytes) {
    return { unit: 'bytes', quota: quota.sizeBytes, used: usage.sizeBytes, growth: sizeBytes };
  }
  const { objectCount: quotaCount } = quota;
  if (quotaCount !== null && objectCount > 0 && usage.objectCount + objectCount > quotaCount) {
    return { unit: 'objects', quota: quotaCount, used: usage.objectCount, growth: objectCount };
  }
  return null;
}

/** A quota that is set on the bucket, or on all buckets of its owner together. */
interface UsageState {
  readonly usedBy: QuotaExceeded['usedBy'];
  readonly quota: Quota;
  readonly usage: Usage;
}

function* usageStates(
  bucketId: number,
  { quota, ownerQuota, ownerId }: BucketState,
): Statements<UsageState[]> {
  const states: UsageState[] = [];
  if (isSet(quota)) {
    states.push({ usedBy: 'bucket', quota, usage: yield* findBucketUsage(bucketId) });
  }
  if (isSet(ownerQuota)) {
    const usage = yield* findUserUsage(ownerId);
    states.push({ usedBy: 'owner', quota: ownerQuota, usage });
  }
  return states;
}

function isSet({ sizeBytes, objectCount }: Quota): boolean {
  return sizeBytes !== null || objectCount !== null;
}

export function* findBucketUsage(bucketId: number): Statements<Usage> {
  return toUsage(
    yield* get<UsageRow>(
      `SELECT CAST(COALESCE(SUM(object_count), 0) AS BIGINT) AS object_count,
          CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) AS size_bytes
        FROM bucket_usage WHERE bucket_id = ?`,
      [bucketId],
    ),
  );
}

export function* findUserUsage(userId: string): Statements<Usage> {
  return toUsage(
    yield* get<UsageRow>(
      `SELECT CAST(COALESCE(SUM(object_count), 0) AS BIGINT) AS object_count,
          CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) AS size_bytes
        FROM user_usage WHERE user_id = ?`,
      [userId],
    ),
  );
}

/** Of all buckets that the user owns together. Null for a user that does not exist. */
export function* findUserQuota(userId: string): Statements<Quota | null> {
  const row = yield* get<{
    readonly quota_bytes: number | null;
    readonly quota_objects: number | null;
  }>('SELECT quota_bytes, quota_objects FROM users WHERE id = ?', [userId]);
  return row ? { sizeBytes: row.quota_bytes, objectCount: row.quota_objects } : null;
}

/** False when the bucket or user does not exist. What is used already may be more. */
export function* setQuota(
  _context: WriteContext,
  holder: QuotaHolder,
  quota: Quota,
): Statements<boolean> {
  const [table, id] =
    holder.kind === 'bucket' ? ['buckets', holder.bucketId] : ['users', holder.userId];
  const changed = yield* run(
    `UPDATE ${table} SET quota_bytes = ?, quota_objects = ? WHERE id = ?`,
    [quota.sizeBytes, quota.objectCount, id],
  );
  return changed > 0;
}

function toUsage(row: UsageRow | undefined): Usage {
  return { objectCount: row?.object_count ?? 0, sizeBytes: row?.size_bytes ?? 0 };
}
