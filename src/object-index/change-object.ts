import { isDeepStrictEqual } from 'node:util';
import { mayChangeRetention } from './object-lock.ts';
import { descriptionValues, toObjectRecord } from './object-rows.ts';
import type { ObjectRecord } from './records.ts';
import { run, type Statements, type WriteContext } from './statements.ts';
import { subresourceColumns, subresourceValues } from './subresource-columns.ts';
import { findVersionRow } from './versions.ts';
import type { ChangeObjectOutcome, ChangeObjectRequest } from './write-requests.ts';

/** In the order of the values below. */
const changedColumns = [
  ...subresourceColumns.split(', '),
  'qetag',
  ...['storage_class', 'headers', 'user_metadata'],
];

/** Changes what may be changed of one version; object lock is asked inside the transaction. */
export function* changeObject(
  { nowMs }: WriteContext,
  request: ChangeObjectRequest,
): Statements<ChangeObjectOutcome> {
  const { bucketId, key, versionId, objectId, change, bypassesGovernance = false } = request;
  const row = yield* findVersionRow(bucketId, key, versionId);
  if (!row) return { outcome: 'no-such-object' };
  if (row.is_delete_marker === 1) return { outcome: 'delete-marker' };
  if (objectId !== undefined && row.id !== objectId) return { outcome: 'replaced' };
  const record = toObjectRecord(row);
  if (!isAsExpected(record, request.expected)) return { outcome: 'replaced' };
  const { retention } = change;
  if (retention !== undefined && !mayChangeRetention(row, retention, nowMs, bypassesGovernance)) {
    return { outcome: 'locked' };
  }
  const object = { ...record, ...change };
  yield* run(
    `UPDATE objects SET ${changedColumns.map((column) => `${column} = ?`).join(', ')}
      WHERE bucket_id = ? AND key = ? AND version_rank = ?`,
    [
      ...subresourceValues(object),
      object.qetag,
      ...descriptionValues(object),
      ...[bucketId, key, row.version_rank],
    ],
  );
  return { outcome: 'changed', object };
}

function isAsExpected(record: ObjectRecord, expected: ChangeObjectRequest['expected']): boolean {
  return Object.entries(expected ?? {}).every(([name, value]) =>
    isDeepStrictEqual(record[name as keyof ObjectRecord], value),
  );
}
