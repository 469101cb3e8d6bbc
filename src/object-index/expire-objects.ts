import { deleteObjects } from './delete-objects.ts';
import type { ExpiredObject } from './deletion-requests.ts';
import { all, get, run, type Statements, type WriteContext } from './statements.ts';
import { findVersionRow } from './versions.ts';

interface DueRow {
  readonly bucket_id: number;
  readonly key: string;
  readonly version_rank: number;
}

/** When the next object is to be deleted; null where none is. */
export function* findNextExpiry(): Statements<number | null> {
  const row = yield* get<{ readonly expires_at_ms: number }>(
    `SELECT expires_at_ms FROM objects WHERE expires_at_ms IS NOT NULL
      ORDER BY expires_at_ms LIMIT 1`,
    [],
  );
  return row?.expires_at_ms ?? null;
}

/**
 * Deletes up to `limit` objects whose time has come, the longest due first. Only a current version
 * expires, into a delete marker where its bucket has versions; the time of older ones is forgotten.
 * Gives what was deleted; what has very many segments may be left to the next call.
 */
export function* expireObjects(
  context: WriteContext,
  limit: number,
): Statements<readonly ExpiredObject[]> {
  const due = yield* all<DueRow>(
    `SELECT bucket_id, key, version_rank FROM objects
      WHERE expires_at_ms IS NOT NULL AND expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?`,
    [context.nowMs, limit],
  );
  const expired: ExpiredObject[] = [];
  for (const bucketId of new Set(due.map((row) => row.bucket_id))) {
    const rows = due.filter((row) => row.bucket_id === bucketId);
    const current = yield* currentRows(rows);
    const keys = current.map(({ key }) => key);
    const results = yield* deleteObjects(context, bucketId, keys);
    const unfinished = new Set<DueRow>();
    for (const [position, row] of current.entries()) {
      if (results[position]?.outcome === 'deleted') expired.push({ bucketId, key: row.key });
      else unfinished.add(row);
    }
    yield* forgetTimes(rows.filter((row) => !unfinished.has(row)));
  }
  return expired;
}

function* currentRows(rows: readonly DueRow[]): Statements<DueRow[]> {
  const current: DueRow[] = [];
  for (const row of rows) {
    const newest = yield* findVersionRow(row.bucket_id, row.key);
    if (newest?.version_rank === row.version_rank) current.push(row);
  }
  return current;
}

/** Of those that stay as older versions, which nothing here is to delete. */
function* forgetTimes(rows: readonly DueRow[]): Statements<void> {
  for (const { bucket_id: bucketId, key, version_rank: rank } of rows) {
    yield* run(
      `UPDATE objects SET expires_at_ms = NULL
        WHERE bucket_id = ? AND key = ? AND version_rank = ?`,
      [bucketId, key, rank],
    );
  }
}
