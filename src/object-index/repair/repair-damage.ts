import type { Damage, DamagePlace, RepairOutcome } from '../damage.ts';
import { run, type Statements, type WriteContext } from '../statements.ts';
import type { Usage } from '../write-requests.ts';
import * as fileRows from './repair-file-rows.ts';
import { correctFileState } from './repair-file-state.ts';
import * as rows from './repair-rows.ts';

/**
 * Mends damage that a check of an earlier state of the index found, each unless it is not there
 * any more as it was. Nothing that an object refers to is deleted: a file that loses its last
 * reference is queued, as by every other write.
 */
export function* repairDamages(
  context: WriteContext,
  damages: readonly Damage[],
): Statements<readonly RepairOutcome[]> {
  const outcomes: RepairOutcome[] = [];
  for (const damage of damages) {
    outcomes.push((yield* repair(context, damage)) ? 'repaired' : 'changed');
  }
  return outcomes;
}

function* repair(context: WriteContext, { place, repair: how }: Damage): Statements<boolean> {
  switch (how?.name) {
    case 'file-state':
      return yield* correctFileState(context, place.fileId ?? '', how);
    case 'sequence':
      return yield* raiseSequence(how.lastValueMin);
    case 'queue-group':
      return yield* fileRows.moveQueued(place.fileId ?? '', how.groupName);
    case 'queue-row':
      return yield* fileRows.dropQueued(place.fileId ?? '');
    case 'replica-check':
      return yield* fileRows.moveReplicaCheck(place.fileId ?? '', how);
    case 'replaced-file':
      return yield* fileRows.dropReplacement(context, place.fileId ?? '', how);
    case 'replaced-chain':
      return yield* fileRows.shortenChain(context, place.fileId ?? '', how);
    case 'bucket':
      return yield* rows.makeBucket(context, place.bucketId ?? 0, how);
    case 'description':
      return yield* rows.emptyText(place, how);
    case 'part-count':
      return yield* rows.correctPartCount(place, how);
    case 'dead-object-rows':
      return yield* rows.dropObjectRows(context, place.objectId ?? 0, how.table);
    case 'needless-segments':
      return yield* rows.dropNeedlessSegments(context, place);
    case 'needless-object-parts':
      return yield* rows.dropNeedlessParts(place);
    case 'dead-parts':
      return yield* rows.dropDeadParts(context, place.uploadId ?? '');
    case 'dead-part-segments':
      return yield* rows.dropDeadPartSegments(context, place);
    case 'bucket-usage':
      return yield* addUsage('bucket_usage', 'bucket_id', place.bucketId ?? 0, how);
    case 'user-usage':
      return yield* addUsage('user_usage', 'user_id', how.userId, how);
    case 'dead-settings':
      return yield* dropSettings(place);
    case 'named-file':
      return yield* fileRows.dropName(place, how);
    case 'imported-file':
      return yield* fileRows.keepAsImported(place.fileId ?? '');
    case undefined:
      return false;
  }
}

function* raiseSequence(lastValueMin: number): Statements<boolean> {
  const changed = yield* run(
    `INSERT INTO sequences (name, last_value) VALUES ('object_id', ?)
      ON CONFLICT (name) DO UPDATE SET last_value = excluded.last_value
        WHERE sequences.last_value < excluded.last_value`,
    [lastValueMin],
  );
  return changed > 0;
}

/**
 * What a check found to be missing is so still, since every write changes what is recorded by as
 * much as what is there; but for where nothing was recorded at all, which the next check finds.
 */
function* addUsage(
  table: 'bucket_usage' | 'user_usage',
  column: 'bucket_id' | 'user_id',
  id: number | string,
  { objectCount, sizeBytes }: Usage,
): Statements<boolean> {
  const holders = column === 'bucket_id' ? 'buckets' : 'users';
  const changed = yield* run(
    `INSERT INTO ${table} (${column}, shard, object_count, size_bytes)
      SELECT id, 0, CAST(? AS INTEGER), CAST(? AS INTEGER) FROM ${holders} WHERE id = ?
      ON CONFLICT (${column}, shard) DO UPDATE SET
        object_count = ${table}.object_count + excluded.object_count,
        size_bytes = ${table}.size_bytes + excluded.size_bytes`,
    [objectCount, sizeBytes, id],
  );
  return changed > 0;
}

function* dropSettings({ bucketId = 0 }: DamagePlace): Statements<boolean> {
  const dropped = yield* run(
    `DELETE FROM bucket_settings WHERE bucket_id = ?
      AND NOT EXISTS (SELECT 1 FROM buckets WHERE id = ?)
      AND NOT EXISTS (SELECT 1 FROM objects WHERE bucket_id = ?)`,
    [bucketId, bucketId, bucketId],
  );
  return dropped > 0;
}
