import type { ObjectContentRow } from './object-rows.ts';
import { get, type Statements } from './statements.ts';

/**
 * Segments whose rows go in one transaction, unless a single object has more: 640 GiB in files of
 * the default size. Other writes wait meanwhile, and the rows are held in memory.
 */
export const deletedSegmentsMax = 10_000;

/** What one transaction may delete. */
export class SegmentBudget {
  #left = deletedSegmentsMax;

  /** False for an object that is too much; the first one always fits. */
  *take(row: ObjectContentRow): Statements<boolean> {
    if (row.file_id !== null || row.size === 0) return true;
    const left = this.#left;
    const count = left > 0 ? yield* countSegments(row.id, left + 1) : 1;
    // Whatever comes behind one that does not fit is not even counted.
    this.#left = Math.max(0, left - count);
    return left === deletedSegmentsMax || count <= left;
  }
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
