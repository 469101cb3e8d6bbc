import { findBucketState } from './bucket-state.ts';
import { deleteVersions } from './delete-versions.ts';
import type { DeletionResult, ObjectDeletion } from './deletion-requests.ts';
import { dropContents, type ObjectContentRow } from './object-rows.ts';
import { SegmentBudget } from './segment-budget.ts';
import { allIn, type Statements, type WriteContext } from './statements.ts';
import { NULL_VERSION_ID } from './version-ids.ts';
import { findVersionRow } from './versions.ts';
import { deleted, failedDeletion, unfinished, type WantedDeletion } from './wanted-deletions.ts';

export function* deleteObjects(
  context: WriteContext,
  bucketId: number,
  deletions: readonly (string | ObjectDeletion)[],
  ownerId?: string,
): Statements<readonly DeletionResult[]> {
  const bucket = yield* findBucketState(bucketId);
  const named: ObjectDeletion[] = deletions.map((deletion) =>
    typeof deletion === 'string' ? { key: deletion } : deletion,
  );
  // Without versions, the null version is the object itself.
  const idOf = ({ versionId = null }: ObjectDeletion) =>
    bucket?.versioning || versionId !== NULL_VERSION_ID ? versionId : null;
  const nameOf = (deletion: ObjectDeletion) => `${idOf(deletion) ?? ''} ${deletion.key}`;
  const wanted = new Map<string, WantedDeletion>();
  for (const deletion of named) {
    const name = nameOf(deletion);
    const { key, condition, bypassesGovernance = false } = deletion;
    const versionId = idOf(deletion);
    const known = wanted.get(name) ?? { key, versionId, conditions: [], bypassesGovernance };
    if (condition) known.conditions.push(condition);
    wanted.set(name, known);
  }
  const list = [...wanted.values()];
  const results = bucket?.versioning
    ? yield* deleteVersions(context, list, {
        ...{ bucketId, versioning: bucket.versioning, ownerId: ownerId ?? bucket.ownerId },
      })
    : yield* deleteKeys(context, bucketId, list);
  return named.map((deletion) => {
    const known = wanted.get(nameOf(deletion));
    return (known && results.get(known)) ?? deleted;
  });
}

/**
 * In a bucket that never had versions: each key has one row at most. Those that have no result are
 * gone.
 */
function* deleteKeys(
  context: WriteContext,
  bucketId: number,
  wanted: readonly WantedDeletion[],
): Statements<Map<WantedDeletion, DeletionResult>> {
  const results = new Map<WantedDeletion, DeletionResult>();
  for (const one of wanted) {
    if (one.versionId !== null) results.set(one, deleted);
    if (one.versionId !== null || one.conditions.length === 0) continue;
    const row = yield* findVersionRow(bucketId, one.key);
    const failed = failedDeletion(one.conditions, row);
    if (failed) results.set(one, failed);
  }
  const keys = wanted.filter((one) => !results.has(one)).map(({ key }) => key);
  const beyond = yield* beyondBound(bucketId, keys);
  for (const one of wanted) {
    if (one.versionId === null && beyond.has(one.key)) results.set(one, unfinished);
  }
  const rows = yield* allIn<ObjectContentRow>(
    (list) => `DELETE FROM objects WHERE bucket_id = ? AND version_id IS NULL AND key IN (${list})
      RETURNING bucket_id, key, id, size, part_count, file_id`,
    [bucketId],
    keys.filter((key) => !beyond.has(key)),
  );
  yield* dropContents(context, rows);
  return results;
}

/** Keys that are too much for one transaction; never all of them. */
function* beyondBound(bucketId: number, keys: readonly string[]): Statements<ReadonlySet<string>> {
  const beyond = new Set<string>();
  if (keys.length < 2) return beyond;
  const segmented = yield* allIn<ObjectContentRow>(
    (list) => `SELECT bucket_id, key, id, size, part_count, file_id FROM objects
      WHERE bucket_id = ? AND version_id IS NULL AND file_id IS NULL AND size > 0
        AND key IN (${list})`,
    [bucketId],
    keys,
  );
  const budget = new SegmentBudget();
  for (const row of segmented) {
    if (!(yield* budget.take(row))) beyond.add(row.key);
  }
  return beyond;
}
