import type { DamageRepair } from '../damage.ts';
import { queueFiles } from '../file-references.ts';
import { forgetNames } from '../named-files.ts';
import { get, run, type Statements, type WriteContext } from '../statements.ts';

type FileState = Extract<DamageRepair, { readonly name: 'file-state' }>;

/**
 * Sets the count of references to one file to what a check counted, and takes a file that is
 * needed out of the queue.
 *
 * Why the count of an earlier state still holds, although objects are not searched again: each
 * write changes the number of references and the number recorded by the same amount, so that the
 * latter tells whether there were any. It fails to where the recorded number came to nothing, and
 * then the file is in the queue; or was, if it has been deleted since, which leaves the count too
 * high and not too low.
 */
export function* correctFileState(
  context: WriteContext,
  fileId: string,
  state: FileState,
): Statements<boolean> {
  const shared = yield* get<{ reference_count: number }>(
    'SELECT reference_count FROM shared_files WHERE file_id = ?',
    [fileId],
  );
  const queued = yield* get('SELECT 1 FROM deletion_queue WHERE file_id = ?', [fileId]);
  if ((shared?.reference_count ?? null) !== state.recordedCount) return false;
  if ((queued !== undefined) !== state.isQueued) return false;
  if (state.referenceCount === 0) return yield* queueUnused(context, fileId, state);
  if (state.isQueued) {
    if (!(yield* isReferenced(fileId, state.references))) return false;
    yield* run('DELETE FROM deletion_queue WHERE file_id = ?', [fileId]);
  }
  yield* setCount(fileId, state.referenceCount);
  return true;
}

function* queueUnused(
  context: WriteContext,
  fileId: string,
  { isQueued, isMalformed }: FileState,
): Statements<boolean> {
  if (yield* isReferenced(fileId, [])) return false;
  yield* setCount(fileId, 0);
  const kept = yield* forgetNames([fileId]);
  if (!isQueued && !isMalformed && !kept.has(fileId)) {
    yield* queueFiles(context, [fileId], context.deletionNotBeforeMs);
  }
  return true;
}

/** Whether a row refers to the file that can be found without searching all objects. */
export function* isReferenced(
  fileId: string,
  objects: FileState['references'],
): Statements<boolean> {
  for (const { bucketId, key, versionRank } of objects) {
    const object = yield* get(
      'SELECT 1 FROM objects WHERE bucket_id = ? AND key = ? AND version_rank = ? AND file_id = ?',
      [bucketId, key, versionRank, fileId],
    );
    if (object) return true;
  }
  for (const [table, column] of [
    ['segments', 'file_id'],
    ['parts', 'file_id'],
    ['part_segments', 'file_id'],
    ['replaced_files', 'new_file_id'],
  ] as const) {
    if (yield* get(`SELECT 1 FROM ${table} WHERE ${column} = ? LIMIT 1`, [fileId])) return true;
  }
  return false;
}

/** Only files that are referred to more than once have a row. */
function* setCount(fileId: string, count: number): Statements<void> {
  if (count > 1) {
    yield* run(
      `INSERT INTO shared_files (file_id, reference_count) VALUES (?, ?)
        ON CONFLICT (file_id) DO UPDATE SET reference_count = excluded.reference_count`,
      [fileId, count],
    );
  } else yield* run('DELETE FROM shared_files WHERE file_id = ?', [fileId]);
}
