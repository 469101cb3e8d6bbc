import type { ReplicaCheck, ReplicaCheckKey, ReplicaCheckQueue } from './file-records.ts';
import { groupNameOf } from './file-references.ts';
import type { ObjectRecord, SegmentContent } from './records.ts';
import { all, get, insertRows, run, type Statements, type WriteContext } from './statements.ts';

/**
 * Notes files that are new with this write, unless nothing is checked or all replicas are there.
 * One that is noted for the same time already, under a key that it lost at once, gets its new key.
 */
export function* queueReplicaChecks(
  context: WriteContext,
  { bucketId, key, segments }: NewFiles,
): Statements<void> {
  const { nowMs, replicaCheckDueMs = null } = context;
  if (replicaCheckDueMs === null) return;
  const files = segments.flatMap(({ fileId, isReplicated }) => (isReplicated ? [] : fileId));
  yield* insertRows(
    'replica_checks',
    ['file_id', 'group_name', 'bucket_id', 'key', 'stored_at_ms', 'due_ms'],
    // Once each: no statement may update a row that it inserted.
    [...new Set(files)].map((fileId) => [
      ...[fileId, groupNameOf(fileId), bucketId, key, nowMs, replicaCheckDueMs],
    ]),
    `ON CONFLICT (group_name, due_ms, file_id) DO UPDATE
        SET bucket_id = excluded.bucket_id, key = excluded.key`,
  );
}

/**
 * For an object whose files were noted under another key: the looks that wait for them would take
 * them for dropped ones.
 */
export function* requeueReplicaChecks(
  context: WriteContext,
  { bucketId, key, id, size, fileId }: ObjectRecord,
): Statements<void> {
  const files =
    fileId === null
      ? yield* all<{ readonly file_id: string }>(
          'SELECT file_id FROM segments WHERE object_id = ?',
          [id],
        )
      : [{ file_id: fileId }];
  const segments = files.map((file) => ({ fileId: file.file_id, fileOffset: 0, size }));
  yield* queueReplicaChecks(context, { bucketId, key, segments });
}

/** What a write publishes, and where it can be found. */
interface NewFiles {
  readonly bucketId: number;
  readonly key: string;
  readonly segments: readonly SegmentContent[];
}

interface ReplicaCheckRow {
  readonly file_id: string;
  readonly due_ms: number;
  readonly bucket_id: number;
  readonly key: string;
  readonly stored_at_ms: number;
  readonly attempts: number;
}

export function* listDueReplicaChecks(
  groupName: string,
  nowMs: number,
  limit: number,
): Statements<readonly ReplicaCheck[]> {
  const rows = yield* all<ReplicaCheckRow>(
    `SELECT file_id, due_ms, bucket_id, key, stored_at_ms, attempts FROM replica_checks
      WHERE group_name = ? AND due_ms <= ? ORDER BY due_ms, file_id LIMIT ?`,
    [groupName, nowMs, limit],
  );
  return rows.map((row) => ({
    fileId: row.file_id,
    dueMs: row.due_ms,
    bucketId: row.bucket_id,
    key: row.key,
    storedAtMs: row.stored_at_ms,
    attempts: row.attempts,
  }));
}

/** One seek for each group, however many files wait. */
export function* listReplicaCheckQueues(): Statements<readonly ReplicaCheckQueue[]> {
  const queues: ReplicaCheckQueue[] = [];
  for (;;) {
    const row = yield* get<{ readonly group_name: string; readonly due_ms: number }>(
      `SELECT group_name, due_ms FROM replica_checks WHERE group_name > ?
        ORDER BY group_name, due_ms LIMIT 1`,
      [queues.at(-1)?.groupName ?? ''],
    );
    if (!row) return queues;
    queues.push({ groupName: row.group_name, oldestDueMs: row.due_ms });
  }
}

export function* countReplicaChecks(): Statements<number> {
  const row = yield* get<{ count: number }>('SELECT COUNT(*) AS count FROM replica_checks', []);
  return row?.count ?? 0;
}

export function* finishReplicaChecks(
  _context: WriteContext,
  checks: readonly ReplicaCheckKey[],
): Statements<void> {
  for (const { fileId, dueMs } of checks) {
    yield* run('DELETE FROM replica_checks WHERE group_name = ? AND due_ms = ? AND file_id = ?', [
      groupNameOf(fileId),
      dueMs,
      fileId,
    ]);
  }
}

export function* postponeReplicaChecks(
  _context: WriteContext,
  postponed: readonly { readonly check: ReplicaCheckKey; readonly untilMs: number }[],
): Statements<void> {
  for (const { check, untilMs } of postponed) {
    yield* run(
      `UPDATE replica_checks SET due_ms = ?, attempts = attempts + 1
        WHERE group_name = ? AND due_ms = ? AND file_id = ?`,
      [untilMs, groupNameOf(check.fileId), check.dueMs, check.fileId],
    );
  }
}
