import { firstKeyAfterPrefix } from './key-order.ts';
import type { CurrentObjectsPage, ListCurrentObjectsRequest } from './listing-requests.ts';
import { type ObjectRow, objectColumns, toObjectRecord } from './object-rows.ts';
import { all, type Statements } from './statements.ts';

/** Whole records in the order of keys, those without versions and delete markers. */
export function* listCurrentObjects({
  bucketId,
  prefix,
  after,
  limit,
}: ListCurrentObjectsRequest): Statements<CurrentObjectsPage> {
  const end = firstKeyAfterPrefix(prefix);
  const rows = yield* all<ObjectRow>(
    `SELECT ${objectColumns} FROM objects
      WHERE bucket_id = ? AND key > ? AND key >= ? ${end === null ? '' : 'AND key < ?'}
      ORDER BY key, version_rank LIMIT ?`,
    [bucketId, after, prefix, ...(end === null ? [] : [end]), limit],
  );
  // Older versions follow the newest one; those behind the page are passed over with its key.
  const current = rows.filter((row, position) => rows[position - 1]?.key !== row.key);
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    objects: current.filter((row) => row.is_delete_marker === 0).map(toObjectRecord),
    nextAfter: last?.key ?? null,
  };
}
