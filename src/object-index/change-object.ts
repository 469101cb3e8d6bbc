import { mayChangeRetention } from './object-lock.ts';
import { type ObjectRow, toObjectRecord } from './object-rows.ts';
import type { ChangeObjectOutcome, ChangeObjectRequest } from './requests.ts';
import { get, run, type Statements, type WriteContext } from './statements.ts';
import { subresourceColumns, subresourceValues, toSubresources } from './subresource-columns.ts';

/** Changes what may be changed of one version; object lock is asked inside the transaction. */
export function* changeObject(
  { nowMs }: WriteContext,
  { bucketId, key, versionId, change, bypassesGovernance = false }: ChangeObjectRequest,
): Statements<ChangeObjectOutcome> {
  const row = yield* findVersion(bucketId, key, versionId);
  if (!row) return { outcome: 'no-such-object' };
  if (row.is_delete_marker === 1) return { outcome: 'delete-marker' };
  const { retention } = change;
  if (retention !== undefined && !mayChangeRetention(row, retention, nowMs, bypassesGovernance)) {
    return { outcome: 'locked' };
  }
  const changed = { ...toSubresources(row), ...change };
  const columns = subresourceColumns.split(', ').map((column) => `${column} = ?`);
  yield* run(
    `UPDATE objects SET ${columns.join(', ')}
      WHERE bucket_id = ? AND key = ? AND version_rank = ?`,
    [...subresourceValues(changed), bucketId, key, row.version_rank],
  );
  const record = toObjectRecord(row);
  return { outcome: 'changed', object: { ...record, ...changed } };
}

type VersionRow = ObjectRow & { readonly is_delete_marker: number };

/** Null is the newest version; `null` as text the null version, whenever it was written. */
function* findVersion(
  bucketId: number,
  key: string,
  versionId: string | null,
): Statements<VersionRow | undefined> {
  const [chosen, values]: [string, string[]] =
    versionId === null
      ? ['', []]
      : versionId === 'null'
        ? ["AND COALESCE(version_id, 'null') = 'null'", []]
        : ['AND version_id = ?', [versionId]];
  return yield* get<VersionRow>(
    `SELECT bucket_id, key, version_rank, id, version_id, is_delete_marker, size, etag,
        last_modified_ms, owner_id, checksum_algorithm, checksum_type, checksum_value, part_count,
        file_id, headers, user_metadata, ${subresourceColumns}
      FROM objects WHERE bucket_id = ? AND key = ? ${chosen} ORDER BY version_rank LIMIT 1`,
    [bucketId, key, ...values],
  );
}
