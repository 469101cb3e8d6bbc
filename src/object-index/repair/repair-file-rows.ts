import type { DamagePlace, DamageRepair } from '../damage.ts';
import { groupNameOf, releaseFiles, shareFiles } from '../file-references.ts';
import { isDispensable } from '../named-files.ts';
import { get, run, type Statements, type WriteContext } from '../statements.ts';
import { isReferenced } from './repair-file-state.ts';

/** The group of a queued file is that of its ID. */
export function* moveQueued(fileId: string, wrongGroupName: string): Statements<boolean> {
  const moved = yield* run(
    'UPDATE deletion_queue SET group_name = ? WHERE file_id = ? AND group_name = ?',
    [groupNameOf(fileId), fileId, wrongGroupName],
  );
  return moved > 0;
}

export function* dropQueued(fileId: string): Statements<boolean> {
  return (yield* run('DELETE FROM deletion_queue WHERE file_id = ?', [fileId])) > 0;
}

export function* moveReplicaCheck(
  fileId: string,
  check: Extract<DamageRepair, { readonly name: 'replica-check' }>,
): Statements<boolean> {
  const { groupName, dueMs, newGroupName } = check;
  if (newGroupName !== null) {
    yield* run(
      `INSERT INTO replica_checks (group_name, due_ms, file_id, bucket_id, key, stored_at_ms,
          attempts)
        SELECT CAST(? AS TEXT), due_ms, file_id, bucket_id, key, stored_at_ms, attempts
          FROM replica_checks WHERE group_name = ? AND due_ms = ? AND file_id = ?
        ON CONFLICT DO NOTHING`,
      [newGroupName, groupName, dueMs, fileId],
    );
  }
  const dropped = yield* run(
    'DELETE FROM replica_checks WHERE group_name = ? AND due_ms = ? AND file_id = ?',
    [groupName, dueMs, fileId],
  );
  return dropped > 0;
}

/** For a file that nothing refers to any more, or whose replacement cannot exist. */
export function* dropReplacement(
  context: WriteContext,
  oldFileId: string,
  { newFileId, isMalformed }: Extract<DamageRepair, { readonly name: 'replaced-file' }>,
): Statements<boolean> {
  if (!isMalformed && (yield* isReferenced(oldFileId, []))) return false;
  const dropped = yield* run(
    'DELETE FROM replaced_files WHERE old_file_id = ? AND new_file_id = ?',
    [oldFileId, newFileId],
  );
  if (dropped > 0) yield* releaseFiles(context, [newFileId]);
  return dropped > 0;
}

export function* shortenChain(
  context: WriteContext,
  oldFileId: string,
  { newFileId, lastFileId }: Extract<DamageRepair, { readonly name: 'replaced-chain' }>,
): Statements<boolean> {
  const second = yield* get(
    'SELECT 1 FROM replaced_files WHERE old_file_id = ? AND new_file_id = ?',
    [newFileId, lastFileId],
  );
  if (!second) return false;
  const moved = yield* run(
    'UPDATE replaced_files SET new_file_id = ? WHERE old_file_id = ? AND new_file_id = ?',
    [lastFileId, oldFileId, newFileId],
  );
  if (moved === 0) return false;
  yield* shareFiles([lastFileId]);
  yield* releaseFiles(context, [newFileId]);
  return true;
}

/**
 * Forgets that a key is that file. A file of which only this key knew may have been imported since it
 * was found to be unused: then it has a count, since its name was taken for a reference.
 */
export function* dropName(
  { fileId = '', bucketId = 0, key = '' }: DamagePlace,
  { isUsed }: Extract<DamageRepair, { readonly name: 'named-file' }>,
): Statements<boolean> {
  if (!isUsed) {
    const shared = yield* get('SELECT 1 FROM shared_files WHERE file_id = ?', [fileId]);
    if (shared || (yield* isReferenced(fileId, []))) return false;
  }
  const dropped = yield* run(
    `DELETE FROM named_files AS n WHERE file_id = ? AND bucket_id = ? AND key = ?
      AND NOT EXISTS (SELECT 1 FROM objects WHERE bucket_id = ? AND key = ? AND file_id = ?)
      ${isUsed ? `AND ${isDispensable}` : ''}`,
    [fileId, bucketId, key, bucketId, key, fileId],
  );
  return dropped > 0;
}

export function* keepAsImported(fileId: string): Statements<boolean> {
  const changed = yield* run(
    'UPDATE named_files SET is_imported = 1 WHERE file_id = ? AND is_imported <> 1',
    [fileId],
  );
  return changed > 0;
}
