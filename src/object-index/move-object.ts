import { findBucketState } from './bucket-state.ts';
import { copyObject } from './copy-object.ts';
import { deleteObjects } from './delete-objects.ts';
import { toObjectRecord } from './object-rows.ts';
import { renameObject } from './rename-object.ts';
import type { Statements, WriteContext } from './statements.ts';
import { findVersionRow } from './versions.ts';
import type { CopyObjectOutcome, MoveObjectRequest } from './write-requests.ts';

/**
 * Gives an object another key, and its date stays. Inside a bucket without versions its row gets the
 * new key. Else the object is written anew and the old key deleted, which leaves a delete marker
 * where the bucket has versions.
 */
export function* moveObject(
  context: WriteContext,
  request: MoveObjectRequest,
): Statements<CopyObjectOutcome> {
  const { source, destination, sourceObjectId, ownerId, condition } = request;
  const row = yield* findVersionRow(source.bucketId, source.key);
  if (row?.id !== sourceObjectId) return { outcome: 'source-changed' };
  const isWithin = source.bucketId === destination.bucketId;
  // It would be deleted to make room for itself.
  if (isWithin && source.key === destination.key) {
    if (condition?.ifNoneMatch) return { outcome: 'precondition-failed' };
    return { outcome: 'stored', object: toObjectRecord(row) };
  }
  const bucket = yield* findBucketState(source.bucketId);
  if (isWithin && bucket?.versioning === null) return yield* rename(context, request);
  const { expiresAtMs, kodo, tags } = toObjectRecord(row);
  const copied = yield* copyObject(context, {
    ...{ source, sourceObjectId, destination, ownerId, description: null },
    lastModifiedMs: row.last_modified_ms,
    subresources: { expiresAtMs, kodo, tags, ...request.subresources },
    ...(condition && { condition }),
  });
  if (copied.outcome !== 'stored') return copied;
  const [deleted] = yield* deleteObjects(context, source.bucketId, [source.key], ownerId);
  // Undoes the copy as well.
  if (deleted?.outcome !== 'deleted') throw new Error(`The moved object is ${deleted?.outcome}.`);
  return copied;
}

function* rename(
  context: WriteContext,
  { source, destination, condition }: MoveObjectRequest,
): Statements<CopyObjectOutcome> {
  const renamed = yield* renameObject(context, {
    ...{ ...destination, sourceKey: source.key, token: null },
    ...(condition && { condition }),
  });
  switch (renamed.outcome) {
    case 'renamed':
      return { outcome: 'stored', object: renamed.object };
    case 'no-such-bucket':
    case 'no-such-key':
    case 'precondition-failed':
    case 'quota-exceeded':
      return renamed;
    default:
      return { outcome: 'source-changed' };
  }
}
