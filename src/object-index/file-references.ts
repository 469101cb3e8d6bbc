import { forgetNames } from './named-files.ts';
import { allIn, insertRows, runIn, type Statements, type WriteContext } from './statements.ts';

/**
 * Every row with a file ID (objects, segments, parts, part_segments, and replaced_files by its new
 * one) is one reference to that file. A file referenced once needs no bookkeeping; `shared_files`
 * counts the others.
 */

/** Notes one more reference for each file ID in the list; each must be referenced already. */
export function* shareFiles(fileIds: readonly string[]): Statements<void> {
  yield* insertRows(
    'shared_files',
    ['file_id', 'reference_count'],
    // No row means one reference, hence the 1 that a conflict takes off again.
    Array.from(countEach(fileIds), ([fileId, count]) => [fileId, count + 1]),
    `ON CONFLICT (file_id) DO UPDATE
        SET reference_count = shared_files.reference_count + excluded.reference_count - 1`,
  );
}

/**
 * Takes one reference off for each file ID in the list and queues files that lost their last, but
 * for imported ones that their bucket keeps.
 */
export function* releaseFiles(context: WriteContext, fileIds: readonly string[]): Statements<void> {
  if (fileIds.length === 0) return;
  const released = countEach(fileIds);
  const shared = yield* allIn<{ file_id: string; reference_count: number }>(
    (list) => `SELECT file_id, reference_count FROM shared_files WHERE file_id IN (${list})`,
    [],
    [...released.keys()],
  );
  const remaining = new Map<string, number>();
  for (const row of shared) {
    remaining.set(row.file_id, row.reference_count - (released.get(row.file_id) ?? 0));
  }
  const unneeded = [...released.keys()].filter((fileId) => (remaining.get(fileId) ?? 0) <= 0);
  const kept = yield* forgetNames(unneeded);
  const queued = kept.size === 0 ? unneeded : unneeded.filter((fileId) => !kept.has(fileId));
  yield* queueFiles(context, queued, context.deletionNotBeforeMs);
  yield* setReferenceCounts(remaining);
  yield* forgetFiles(context, unneeded);
}

/** Nothing has to be checked or moved any more for files that nobody refers to. */
function* forgetFiles(context: WriteContext, fileIds: readonly string[]): Statements<void> {
  const replaced = yield* allIn<{ new_file_id: string }>(
    (list) => `DELETE FROM replaced_files WHERE old_file_id IN (${list}) RETURNING new_file_id`,
    [],
    fileIds,
  );
  yield* releaseFiles(
    context,
    replaced.map((row) => row.new_file_id),
  );
}

/** Puts files into the deletion queue; those that wait there already stay as they are. */
export function* queueFiles(
  { nowMs }: WriteContext,
  fileIds: readonly string[],
  notBeforeMs: number,
): Statements<void> {
  yield* insertRows(
    'deletion_queue',
    ['file_id', 'group_name', 'not_before_ms', 'queued_at_ms'],
    fileIds.map((fileId) => [fileId, groupNameOf(fileId), notBeforeMs, nowMs]),
    'ON CONFLICT (file_id) DO NOTHING',
  );
}

function* setReferenceCounts(counts: ReadonlyMap<string, number>): Statements<void> {
  if (counts.size === 0) return;
  yield* insertRows(
    'shared_files',
    ['file_id', 'reference_count'],
    [...counts].filter(([, count]) => count > 1),
    'ON CONFLICT (file_id) DO UPDATE SET reference_count = excluded.reference_count',
  );
  yield* runIn(
    (list) => `DELETE FROM shared_files WHERE file_id IN (${list})`,
    [],
    [...counts].filter(([, count]) => count <= 1).map(([fileId]) => fileId),
  );
}

function countEach(fileIds: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const fileId of fileIds) counts.set(fileId, (counts.get(fileId) ?? 0) + 1);
  return counts;
}

/** The group is the file ID up to its first slash. */
export function groupNameOf(fileId: string): string {
  const slash = fileId.indexOf('/');
  return slash === -1 ? fileId : fileId.slice(0, slash);
}
