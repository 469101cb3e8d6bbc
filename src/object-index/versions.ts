import { type ObjectRow, objectColumns } from './object-rows.ts';
import type { VersioningState } from './records.ts';
import { get, run, type Statements } from './statements.ts';
import { NULL_VERSION_ID } from './version-ids.ts';

/** The version of a key that an id names; the current one, its first row, when that is null. */
export function* findVersionRow(
  bucketId: number,
  key: string,
  versionId: string | null = null,
): Statements<ObjectRow | undefined> {
  if (versionId === null) {
    return yield* get<ObjectRow>(
      `SELECT ${objectColumns} FROM objects
        WHERE bucket_id = ? AND key = ? ORDER BY version_rank LIMIT 1`,
      [bucketId, key],
    );
  }
  const row = yield* get<ObjectRow>(
    `SELECT ${objectColumns} FROM objects WHERE bucket_id = ? AND key = ? AND version_id = ?`,
    [bucketId, key, versionId],
  );
  if (row || versionId !== NULL_VERSION_ID) return row;
  // Written before versioning was enabled: nothing is older, so that it is the last row of its key.
  const oldest = yield* get<ObjectRow>(
    `SELECT ${objectColumns} FROM objects
      WHERE bucket_id = ? AND key = ? ORDER BY version_rank DESC LIMIT 1`,
    [bucketId, key],
  );
  return oldest?.version_id === null ? oldest : undefined;
}

/**
 * The version whose place a new one takes; undefined where none has to go. `current` is the first
 * row of the key.
 */
export function* findReplacedVersion(
  versioning: VersioningState,
  bucketId: number,
  key: string,
  current: ObjectRow | undefined,
): Statements<ObjectRow | undefined> {
  if (versioning === 'Enabled' || current === undefined) return undefined;
  const isNull = current.version_id === null || current.version_id === NULL_VERSION_ID;
  return isNull ? current : yield* findVersionRow(bucketId, key, NULL_VERSION_ID);
}

/**
 * Removes versions. What belongs to them has to be dropped as well, but not before what takes their
 * place is complete: it may be made of them.
 */
export function* deleteRows(
  rows: readonly Pick<ObjectRow, 'bucket_id' | 'key' | 'version_rank'>[],
): Statements<void> {
  for (const row of rows) {
    yield* run('DELETE FROM objects WHERE bucket_id = ? AND key = ? AND version_rank = ?', [
      row.bucket_id,
      row.key,
      row.version_rank,
    ]);
  }
}
