import type { DueDeletionsRequest } from './deletion-requests.ts';
import type {
  DeletionQueueState,
  FailingDeletion,
  PendingDeletion,
  PostponedDeletion,
} from './file-records.ts';
import { queueFiles } from './file-references.ts';
import { findNamed } from './named-files.ts';
import { all, allIn, get, runIn, type Statements, type WriteContext } from './statements.ts';

export function* queueDeletions(
  context: WriteContext,
  fileIds: readonly string[],
  notBeforeMs: number,
): Statements<void> {
  // Somebody may have imported a file of a write that failed later.
  const named = yield* findNamed(fileIds);
  const unneeded = fileIds.filter((fileId) => !named.has(fileId));
  yield* queueFiles(context, unneeded, notBeforeMs);
}

/** Whether nothing needs the file any more and it waits for its deletion. */
export function* isQueuedForDeletion(fileId: string): Statements<boolean> {
  const row = yield* get<object>('SELECT 1 AS found FROM deletion_queue WHERE file_id = ?', [
    fileId,
  ]);
  return row !== undefined;
}

/** In the order that they were queued in; ids are never given twice. */
export function* listQueuedFiles(
  afterId: number,
  limit: number,
): Statements<readonly Pick<PendingDeletion, 'id' | 'fileId'>[]> {
  const rows = yield* all<{ readonly id: number; readonly file_id: string }>(
    'SELECT id, file_id FROM deletion_queue WHERE id > ? ORDER BY id LIMIT ?',
    [afterId, limit],
  );
  return rows.map((row) => ({ id: row.id, fileId: row.file_id }));
}

/** One seek for each group that has queued files, however many those are. */
export function* listDueGroups(dueAtMs: number): Statements<readonly string[]> {
  const groupNames: string[] = [];
  for (let after = ''; ; ) {
    const first = yield* get<{ group_name: string; not_before_ms: number }>(
      `SELECT group_name, not_before_ms FROM deletion_queue WHERE group_name > ?
        ORDER BY group_name, not_before_ms LIMIT 1`,
      [after],
    );
    if (!first) return groupNames;
    if (first.not_before_ms <= dueAtMs) groupNames.push(first.group_name);
    after = first.group_name;
  }
}

export function* listDueDeletions({
  groupName,
  dueAtMs,
  after,
  limit,
}: DueDeletionsRequest): Statements<readonly PendingDeletion[]> {
  const rows = yield* all<{
    readonly id: number;
    readonly file_id: string;
    readonly attempts: number;
    readonly not_before_ms: number;
  }>(
    `SELECT id, file_id, attempts, not_before_ms FROM deletion_queue
      WHERE group_name = ? AND not_before_ms <= ?
        ${after ? 'AND (not_before_ms, id) > (?, ?)' : ''}
      ORDER BY not_before_ms, id LIMIT ?`,
    [groupName, dueAtMs, ...(after ? [after.notBeforeMs, after.id] : []), limit],
  );
  return rows.map((row) => ({
    id: row.id,
    fileId: row.file_id,
    attempts: row.attempts,
    notBeforeMs: row.not_before_ms,
  }));
}

export function* finishDeletions(_context: WriteContext, ids: readonly number[]): Statements<void> {
  yield* runIn((list) => `DELETE FROM deletion_queue WHERE id IN (${list})`, [], ids);
}

export function* postponeDeletions(
  _context: WriteContext,
  postponed: readonly PostponedDeletion[],
): Statements<ReadonlySet<number>> {
  const alike = new Map<string, { readonly ids: number[] } & Omit<PostponedDeletion, 'id'>>();
  for (const { id, notBeforeMs, problem } of postponed) {
    const what = JSON.stringify([notBeforeMs, problem]);
    const others = alike.get(what);
    if (others) others.ids.push(id);
    else alike.set(what, { ids: [id], notBeforeMs, problem });
  }
  const waiting = new Set<number>();
  for (const { ids, notBeforeMs, problem } of alike.values()) {
    const rows = yield* allIn<{ id: number }>(
      (list) => `UPDATE deletion_queue SET not_before_ms = ?
          ${problem === null ? '' : ', attempts = attempts + 1, problem = ?'}
        WHERE id IN (${list}) RETURNING id`,
      problem === null ? [notBeforeMs] : [notBeforeMs, problem],
      ids,
    );
    for (const { id } of rows) waiting.add(id);
  }
  return waiting;
}

export function* countDeletions(): Statements<number> {
  const row = yield* get<{ count: number }>('SELECT COUNT(*) AS count FROM deletion_queue', []);
  return row?.count ?? 0;
}

/** Reads the queue's index once, and of files that failed their own, smaller one. */
export function* deletionQueueState(nowMs: number): Statements<readonly DeletionQueueState[]> {
  const groups = yield* all<{
    readonly group_name: string;
    readonly queued_count: number;
    readonly due_count: number;
    readonly oldest_ms: number;
  }>(
    `SELECT group_name, COUNT(*) AS queued_count, MIN(queued_at_ms) AS oldest_ms,
        SUM(CASE WHEN not_before_ms <= ? THEN 1 ELSE 0 END) AS due_count
      FROM deletion_queue GROUP BY group_name ORDER BY group_name`,
    [nowMs],
  );
  const failing = yield* all<{ readonly group_name: string; readonly failing_count: number }>(
    `SELECT group_name, COUNT(*) AS failing_count FROM deletion_queue
      WHERE attempts > 0 GROUP BY group_name`,
    [],
  );
  const failingCounts = new Map(failing.map((row) => [row.group_name, row.failing_count]));
  return groups.map((row) => ({
    groupName: row.group_name,
    queuedCount: row.queued_count,
    dueCount: row.due_count,
    failingCount: failingCounts.get(row.group_name) ?? 0,
    oldestQueuedAtMs: row.oldest_ms,
  }));
}

export function* listFailingDeletions(limit: number): Statements<readonly FailingDeletion[]> {
  const rows = yield* all<{
    readonly file_id: string;
    readonly attempts: number;
    readonly problem: string | null;
    readonly queued_at_ms: number;
    readonly not_before_ms: number;
  }>(
    `SELECT file_id, attempts, problem, queued_at_ms, not_before_ms FROM deletion_queue
      WHERE attempts > 0 ORDER BY group_name, id LIMIT ?`,
    [limit],
  );
  return rows.map((row) => ({
    fileId: row.file_id,
    attempts: row.attempts,
    problem: row.problem,
    queuedAtMs: row.queued_at_ms,
    notBeforeMs: row.not_before_ms,
  }));
}
