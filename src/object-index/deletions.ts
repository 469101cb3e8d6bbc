import { queueFiles } from './file-references.ts';
import type { PendingDeletion } from './records.ts';
import { all, get, runIn, type Statements, type WriteContext } from './statements.ts';

export function* queueDeletions(
  _context: WriteContext,
  fileIds: readonly string[],
  notBeforeMs: number,
): Statements<void> {
  yield* queueFiles(fileIds, notBeforeMs);
}

export function* listDueDeletions(
  nowMs: number,
  limit: number,
): Statements<readonly PendingDeletion[]> {
  const rows = yield* all<{ id: number; file_id: string; attempts: number }>(
    `SELECT id, file_id, attempts FROM deletion_queue WHERE not_before_ms <= ?
      ORDER BY not_before_ms, id LIMIT ?`,
    [nowMs, limit],
  );
  return rows.map((row) => ({ id: row.id, fileId: row.file_id, attempts: row.attempts }));
}

export function* finishDeletions(_context: WriteContext, ids: readonly number[]): Statements<void> {
  yield* runIn((list) => `DELETE FROM deletion_queue WHERE id IN (${list})`, [], ids);
}

export function* postponeDeletions(
  _context: WriteContext,
  postponed: readonly { readonly id: number; readonly notBeforeMs: number }[],
): Statements<void> {
  const idsByTime = new Map<number, number[]>();
  for (const { id, notBeforeMs } of postponed) {
    const ids = idsByTime.get(notBeforeMs);
    if (ids) ids.push(id);
    else idsByTime.set(notBeforeMs, [id]);
  }
  for (const [notBeforeMs, ids] of idsByTime) {
    yield* runIn(
      (list) => `UPDATE deletion_queue SET not_before_ms = ?, attempts = attempts + 1
        WHERE id IN (${list})`,
      [notBeforeMs],
      ids,
    );
  }
}

export function* countDeletions(): Statements<number> {
  const row = yield* get<{ count: number }>('SELECT COUNT(*) AS count FROM deletion_queue', []);
  return row?.count ?? 0;
}
