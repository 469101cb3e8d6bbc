import { findBucketState } from './bucket-state.ts';
import { type ObjectRow, toObjectRecord } from './object-rows.ts';
import type { VersioningState } from './records.ts';
import type { Statements } from './statements.ts';
import { growthOf, refusedGrowth } from './usage.ts';
import { findReplacedVersion, findVersionRow } from './versions.ts';
import { failedCondition } from './write-condition.ts';
import type { RefusedWrite, WriteCondition } from './write-requests.ts';

interface IntendedWrite {
  readonly bucketId: number;
  readonly key: string;
  /** Of the object that is to be written. */
  readonly size: number;
  readonly condition?: WriteCondition | undefined;
}

export interface AllowedWrite {
  readonly outcome: 'allowed';
  readonly versioning: VersioningState;
  /** Whose row and contents have to go: the one version without versioning, the null version … */
  readonly replaced: readonly ObjectRow[];
}

/**
 * Whether an object may be written, and what it replaces: asked by every write inside its
 * transaction, before it changes anything. A delete marker counts as no object.
 */
export function* beginWrite({
  bucketId,
  key,
  size,
  condition,
}: IntendedWrite): Statements<RefusedWrite | AllowedWrite> {
  const bucket = yield* findBucketState(bucketId);
  if (!bucket) return { outcome: 'no-such-bucket' };
  const { versioning } = bucket;
  const current = yield* findVersionRow(bucketId, key);
  if (hasContent(current, condition?.unlessQetag)) {
    return { outcome: 'same-content', object: toObjectRecord(current) };
  }
  const failed = failedCondition(condition, current);
  if (failed) return { outcome: failed };
  const replaced = yield* findReplacedVersion(versioning, bucketId, key, current);
  const refused = yield* refusedGrowth(bucketId, bucket, growthOf(size, replaced));
  return refused ?? { outcome: 'allowed', versioning, replaced: replaced ? [replaced] : [] };
}

/** False also for an object whose hash nobody has asked for so far. */
function hasContent(
  current: ObjectRow | undefined,
  qetag: string | undefined,
): current is ObjectRow {
  if (qetag === undefined || current?.is_delete_marker !== 0) return false;
  return current.qetag === qetag;
}
