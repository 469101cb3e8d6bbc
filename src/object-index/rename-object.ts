import { findBucketState } from './bucket-state.ts';
import { renameNames } from './named-files.ts';
import { dropContents, type ObjectRow, toObjectRecord } from './object-rows.ts';
import { requeueReplicaChecks } from './replica-checks.ts';
import { get, run, type Statements, type WriteContext } from './statements.ts';
import { deleteRows, findVersionRow } from './versions.ts';
import { failedCondition } from './write-condition.ts';
import type { DateCondition, RenameObjectOutcome, RenameObjectRequest } from './write-requests.ts';

/** The replicas of files this new are looked for still, by the key they were stored under. */
const NEW_FILES_MS = 60 * 60_000;

/** Gives an object another key; what was under that key goes. Its segments stay as they are. */
export function* renameObject(
  context: WriteContext,
  request: RenameObjectRequest,
): Statements<RenameObjectOutcome> {
  const { bucketId, key, sourceKey, token, condition } = request;
  const known = token === null ? null : yield* findToken(bucketId, token.text);
  if (known !== null && token !== null) {
    return { outcome: known === token.parameters ? 'repeated' : 'token-mismatch' };
  }
  const bucket = yield* findBucketState(bucketId);
  if (!bucket) return { outcome: 'no-such-bucket' };
  if (bucket.versioning !== null) return { outcome: 'versioned' };
  const source = yield* findVersionRow(bucketId, sourceKey);
  if (!source) return { outcome: 'no-such-source' };
  const isUnmet = failedCondition(request.sourceCondition, source) !== null;
  if (isUnmet || failsDates(request.sourceCondition, source)) return { outcome: 'source-failed' };

  // No quota is asked: the bucket does not grow.
  const current = yield* findVersionRow(bucketId, key);
  const failed = failedCondition(condition, current);
  if (failed) return { outcome: failed };
  if (failsDates(condition, current)) return { outcome: 'precondition-failed' };
  if (current) {
    yield* deleteRows([current]);
    yield* dropContents(context, [current]);
  }
  yield* run('UPDATE objects SET key = ? WHERE bucket_id = ? AND key = ? AND version_rank = ?', [
    ...[key, bucketId, sourceKey, source.version_rank],
  ]);
  const { id, file_id: fileId } = source;
  yield* renameNames({ bucketId, key: sourceKey, id, fileId }, key);
  if (context.nowMs - source.last_modified_ms < NEW_FILES_MS) {
    yield* requeueReplicaChecks(context, { ...toObjectRecord(source), key });
  }
  if (token) yield* rememberToken(context, bucketId, token);
  return { outcome: 'renamed', object: { ...toObjectRecord(source), key } };
}

/** Dates count to the second: HTTP knows no finer ones. */
function failsDates(condition: DateCondition | undefined, row: ObjectRow | undefined): boolean {
  const { ifModifiedSinceMs, ifUnmodifiedSinceMs } = condition ?? {};
  if (row === undefined) return ifModifiedSinceMs !== undefined;
  const lastModifiedMs = Math.floor(row.last_modified_ms / 1000) * 1000;
  if (ifModifiedSinceMs !== undefined && lastModifiedMs <= ifModifiedSinceMs) return true;
  return ifUnmodifiedSinceMs !== undefined && lastModifiedMs > ifUnmodifiedSinceMs;
}

function* findToken(bucketId: number, token: string): Statements<string | null> {
  const row = yield* get<{ readonly parameters: string }>(
    'SELECT parameters FROM rename_tokens WHERE bucket_id = ? AND client_token = ?',
    [bucketId, token],
  );
  return row?.parameters ?? null;
}

function* rememberToken(
  { nowMs }: WriteContext,
  bucketId: number,
  token: NonNullable<RenameObjectRequest['token']>,
): Statements<void> {
  yield* run(
    `INSERT INTO rename_tokens (bucket_id, client_token, parameters, renamed_at_ms)
      VALUES (?, ?, ?, ?)`,
    [bucketId, token.text, token.parameters, nowMs],
  );
}

export function* forgetRenameTokens(renamedBeforeMs: number): Statements<void> {
  yield* run('DELETE FROM rename_tokens WHERE renamed_at_ms < ?', [renamedBeforeMs]);
}
