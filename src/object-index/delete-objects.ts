import { dropContents, findObjectRow, type ObjectContentRow } from './object-rows.ts';
import type { ConditionalDeletion, DeleteObjectsOutcome } from './requests.ts';
import { allIn, get, type Statements, type WriteContext } from './statements.ts';
import { allowsDeletion } from './write-condition.ts';

/**
 * Segments whose rows go in one transaction, unless a single object has more: 640 GiB in files of
 * the default size. Other writes wait meanwhile, and the rows are held in memory.
 */
export const deletedSegmentsMax = 10_000;

export function* deleteObjects(
  context: WriteContext,
  bucketId: number,
  keys: readonly string[],
  conditional: readonly ConditionalDeletion[] = [],
): Statements<DeleteObjectsOutcome> {
  const kept = new Set<string>();
  for (const { key, condition } of conditional) {
    const current = yield* findObjectRow(bucketId, key);
    if (current && !allowsDeletion(condition, current)) kept.add(key);
  }
  const wanted = [...keys, ...conditional.map(({ key }) => key)].filter((key) => !kept.has(key));
  const unfinished = yield* beyondBound(bucketId, wanted);
  const deleted = yield* allIn<ObjectContentRow>(
    (list) => `DELETE FROM objects WHERE bucket_id = ? AND version_id IS NULL AND key IN (${list})
      RETURNING id, size, part_count, file_id`,
    [bucketId],
    wanted.filter((key) => !unfinished.has(key)),
  );
  yield* dropContents(context, deleted);
  return { kept, unfinished };
}

/** Keys that are too much for one transaction; never all of them. */
function* beyondBound(bucketId: number, keys: readonly string[]): Statements<ReadonlySet<string>> {
  const beyond = new Set<string>();
  const distinct = [...new Set(keys)];
  if (distinct.length < 2) return beyond;
  const segmented = yield* allIn<{ readonly key: string; readonly id: number }>(
    (list) => `SELECT key, id FROM objects WHERE bucket_id = ? AND version_id IS NULL
      AND file_id IS NULL AND size > 0 AND key IN (${list})`,
    [bucketId],
    distinct,
  );
  let left = deletedSegmentsMax;
  for (const { key, id } of segmented) {
    const isFirst = left === deletedSegmentsMax;
    const count = left > 0 ? yield* countSegments(id, left + 1) : 1;
    if (!isFirst && count > left) beyond.add(key);
    // Whatever comes behind one that does not fit is not even counted.
    left = Math.max(0, left - count);
  }
  return beyond;
}

/** Counts no further than `countMax`. */
function* countSegments(objectId: number, countMax: number): Statements<number> {
  const row = yield* get<{ count: number }>(
    `SELECT COUNT(*) AS count FROM
      (SELECT 1 FROM segments WHERE object_id = ? AND copy_number = 0 LIMIT ?) AS counted`,
    [objectId, countMax],
  );
  return row?.count ?? 0;
}
