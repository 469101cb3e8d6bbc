import { releaseFiles, shareFiles } from './file-references.ts';
import type { FileUse, RepointFileOutcome, RepointFileRequest } from './file-requests.ts';
import { dropNames } from './named-files.ts';
import { get, run, type Statements, type WriteContext } from './statements.ts';

/**
 * Makes rows that refer to one file refer to another one with the same bytes. The old file is
 * queued for deletion with its last reference.
 */
export function* repointFile(
  context: WriteContext,
  request: RepointFileRequest,
): Statements<RepointFileOutcome> {
  const { oldFileId, newFileId } = request;
  const replacement = yield* findReplacement(oldFileId);
  if (replacement !== null && replacement !== newFileId) {
    return { outcome: 'replaced-already', newFileId: replacement };
  }
  const referenceCount = yield* countReferences(oldFileId);
  const movedCount = yield* moveReferences(request);
  if (movedCount === 0) return { outcome: 'not-referenced' };

  const remainingCount = referenceCount - movedCount;
  if (replacement === null && remainingCount > 0) {
    yield* run('INSERT INTO replaced_files (old_file_id, new_file_id) VALUES (?, ?)', [
      oldFileId,
      newFileId,
    ]);
  }
  // The first reference to a file needs no count: that is the row above, or one that was moved.
  const isReferenced = replacement !== null || remainingCount > 0;
  yield* shareFiles(Array(isReferenced ? movedCount : movedCount - 1).fill(newFileId));
  yield* releaseFiles(context, Array(movedCount).fill(oldFileId));
  yield* dropNames(request.locations.map((place) => ({ ...place, fileId: oldFileId })));
  return { outcome: 'repointed', movedCount, remainingCount };
}

/** The file that took the place of another one to which something still refers; else null. */
export function* findReplacement(oldFileId: string): Statements<string | null> {
  const row = yield* get<{ new_file_id: string }>(
    'SELECT new_file_id FROM replaced_files WHERE old_file_id = ?',
    [oldFileId],
  );
  return row?.new_file_id ?? null;
}

/** Whether a file is needed, as far as that can be told from one key where it may be. */
export function* findFileUse(fileId: string, bucketId: number, key: string): Statements<FileUse> {
  const row = yield* get<{ readonly is_referenced: number; readonly is_queued: number }>(
    `SELECT EXISTS (SELECT 1 FROM objects WHERE bucket_id = ? AND key = ? AND file_id = ?)
          OR EXISTS (SELECT 1 FROM segments WHERE file_id = ?)
          OR EXISTS (SELECT 1 FROM parts WHERE file_id = ?)
          OR EXISTS (SELECT 1 FROM part_segments WHERE file_id = ?)
          OR EXISTS (SELECT 1 FROM shared_files WHERE file_id = ?)
          OR EXISTS (SELECT 1 FROM named_files WHERE file_id = ?) AS is_referenced,
        EXISTS (SELECT 1 FROM deletion_queue WHERE file_id = ?) AS is_queued`,
    [bucketId, key, ...Array(7).fill(fileId)],
  );
  if (row?.is_referenced) return 'referenced';
  return row?.is_queued ? 'queued' : 'unknown';
}

/** References to a file that is referred to at all. */
function* countReferences(fileId: string): Statements<number> {
  const row = yield* get<{ reference_count: number }>(
    'SELECT reference_count FROM shared_files WHERE file_id = ?',
    [fileId],
  );
  return row?.reference_count ?? 1;
}

/** Gives the number of references that were moved. */
function* moveReferences({
  oldFileId,
  newFileId,
  locations,
}: RepointFileRequest): Statements<number> {
  let count = 0;
  for (const { bucketId, key } of locations) {
    count += yield* run(
      'UPDATE objects SET file_id = ? WHERE bucket_id = ? AND key = ? AND file_id = ?',
      [newFileId, bucketId, key, oldFileId],
    );
  }
  for (const table of ['segments', 'parts', 'part_segments']) {
    count += yield* run(`UPDATE ${table} SET file_id = ? WHERE file_id = ?`, [
      newFileId,
      oldFileId,
    ]);
  }
  // The old file may itself stand for another one.
  count += yield* run('UPDATE replaced_files SET new_file_id = ? WHERE new_file_id = ?', [
    newFileId,
    oldFileId,
  ]);
  return count;
}
