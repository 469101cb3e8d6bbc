import { groupNameOf } from './file-references.ts';
import type { ReplicaCheck, ReplicaCheckQueue, SegmentContent } from './records.ts';
import {
  all,
  allIn,
  get,
  insertRows,
  runIn,
  type Statements,
  type WriteContext,
} from './statements.ts';

/** Notes files that are new with this write, unless nothing is checked or all replicas are there. */
export function* queueReplicaChecks(
  context: WriteContext,
  { bucketId, key, segments }: NewFiles,
): Statements<void> {
  const { nowMs, replicaCheckDueMs = null } = context;
  if (replicaCheckDueMs === null) return;
  yield* insertRows(
    'replica_checks',
    ['file_id', 'group_name', 'bucket_id', 'key', 'stored_at_ms', 'due_ms'],
    segments
      .filter(({ isReplicated }) => isReplicated !== true)
      .map(({ fileId }) => [fileId, groupNameOf(fileId), bucketId, key, nowMs, replicaCheckDueMs]),
    'ON CONFLICT (file_id) DO NOTHING',
  );
}

/** What a write publishes, and where it can be found. */
interface NewFiles {
  readonly bucketId: number;
  readonly key: string;
  readonly segments: readonly SegmentContent[];
}

interface ReplicaCheckRow {
  readonly file_id: string;
  readonly bucket_id: number;
  readonly key: string;
  readonly stored_at_ms: number;
  readonly attempts: number;
}

const checkColumns = 'file_id, bucket_id, key, stored_at_ms, attempts';

const toReplicaCheck = (row: ReplicaCheckRow): ReplicaCheck => ({
  fileId: row.file_id,
  bucketId: row.bucket_id,
  key: row.key,
  storedAtMs: row.stored_at_ms,
  attempts: row.attempts,
});

export function* listDueReplicaChecks(
  groupName: string,
  nowMs: number,
  limit: number,
): Statements<readonly ReplicaCheck[]> {
  const rows = yield* all<ReplicaCheckRow>(
    `SELECT ${checkColumns} FROM replica_checks WHERE group_name = ? AND due_ms <= ?
      ORDER BY due_ms LIMIT ?`,
    [groupName, nowMs, limit],
  );
  return rows.map(toReplicaCheck);
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

export function* findReplicaChecks(
  fileIds: readonly string[],
): Statements<readonly ReplicaCheck[]> {
  const rows = yield* allIn<ReplicaCheckRow>(
    (list) => `SELECT ${checkColumns} FROM replica_checks WHERE file_id IN (${list})`,
    [],
    fileIds,
  );
  return rows.map(toReplicaCheck);
}

export function* countReplicaChecks(): Statements<number> {
  const row = yield* get<{ count: number }>('SELECT COUNT(*) AS count FROM replica_checks', []);
  return row?.count ?? 0;
}

export function* finishReplicaChecks(
  _context: WriteContext,
  fileIds: readonly string[],
): Statements<void> {
  yield* runIn((list) => `DELETE FROM replica_checks WHERE file_id IN (${list})`, [], fileIds);
}

export function* postponeReplicaChecks(
  _context: WriteContext,
  postponed: readonly { readonly fileId: string; readonly dueMs: number }[],
): Statements<void> {
  const byTime = new Map<number, string[]>();
  for (const { fileId, dueMs } of postponed) {
    const fileIds = byTime.get(dueMs);
    if (fileIds) fileIds.push(fileId);
    else byTime.set(dueMs, [fileId]);
  }
  for (const [dueMs, fileIds] of byTime) {
    yield* runIn(
      (list) => `UPDATE replica_checks SET due_ms = ?, attempts = attempts + 1
        WHERE file_id IN (${list})`,
      [dueMs],
      fileIds,
    );
  }
}
