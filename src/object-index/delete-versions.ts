import type { DeletionResult } from './deletion-requests.ts';
import { isLocked } from './object-lock.ts';
import { dropContents, insertDeleteMarkers, type ObjectRow } from './object-rows.ts';
import type { VersioningState } from './records.ts';
import { SegmentBudget } from './segment-budget.ts';
import type { Statements, WriteContext } from './statements.ts';
import { NULL_VERSION_ID } from './version-ids.ts';
import { deleteRows, findVersionRow } from './versions.ts';
import {
  deleted,
  failedDeletion,
  locked,
  unfinished,
  type WantedDeletion,
} from './wanted-deletions.ts';

interface VersionedBucket {
  readonly bucketId: number;
  readonly versioning: Exclude<VersioningState, null>;
  /** Of delete markers. */
  readonly ownerId: string;
}

/**
 * In a bucket that has, or had, versioning: an id removes that version, and a key by itself gets a
 * delete marker, which takes the null version's place while versioning is suspended.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
 */
export function* deleteVersions(
  context: WriteContext,
  wanted: readonly WantedDeletion[],
  bucket: VersionedBucket,
): Statements<Map<WantedDeletion, DeletionResult>> {
  const results = new Map<WantedDeletion, DeletionResult>();
  const removed: ObjectRow[] = [];
  const budget = new SegmentBudget();
  /** Removes a row unless that is too much for one transaction. */
  function* remove(row: ObjectRow): Statements<boolean> {
    if (!(yield* budget.take(row))) return false;
    yield* deleteRows([row]);
    removed.push(row);
    return true;
  }

  for (const one of wanted.filter(({ versionId }) => versionId !== null)) {
    const row = yield* findVersionRow(bucket.bucketId, one.key, one.versionId);
    const failed = row && failedDeletion(one.conditions, row);
    if (!row) results.set(one, deleted);
    else if (failed) results.set(one, failed);
    else if (isLocked(row, context.nowMs, one.bypassesGovernance)) results.set(one, locked);
    else if (!(yield* remove(row))) results.set(one, unfinished);
    else results.set(one, removedResult(row));
  }
  const marked: WantedDeletion[] = [];
  for (const one of wanted.filter(({ versionId }) => versionId === null)) {
    const failed = yield* markable(one, bucket, remove);
    if (failed) results.set(one, failed);
    else marked.push(one);
  }
  yield* dropContents(context, removed);
  const markers = yield* insertDeleteMarkers(
    bucket.versioning,
    marked.map(({ key }) => key),
    { ...bucket, lastModifiedMs: context.nowMs },
  );
  for (const one of marked) {
    results.set(one, { ...deleted, deleteMarkerVersionId: markers.get(one.key) ?? null });
  }
  return results;
}

/** Makes room for a delete marker; tells why there must be none. */
function* markable(
  { key, conditions }: WantedDeletion,
  { bucketId, versioning }: VersionedBucket,
  remove: (row: ObjectRow) => Statements<boolean>,
): Statements<DeletionResult | null> {
  if (conditions.length > 0) {
    const failed = failedDeletion(conditions, yield* findVersionRow(bucketId, key));
    if (failed) return failed;
  }
  if (versioning === 'Enabled') return null;
  const replaced = yield* findVersionRow(bucketId, key, NULL_VERSION_ID);
  return replaced && !(yield* remove(replaced)) ? unfinished : null;
}

function removedResult(row: ObjectRow): DeletionResult {
  if (row.is_delete_marker === 0) return deleted;
  return { ...deleted, deleteMarkerVersionId: row.version_id ?? NULL_VERSION_ID };
}
