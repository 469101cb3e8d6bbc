import { queueFiles } from './file-references.ts';
import type { QueuedOrphans } from './file-requests.ts';
import { allIn, get, type Statements, type WriteContext } from './statements.ts';

/** Columns that hold file IDs and are found by them. */
const FOUND_BY_FILE = [
  ['segments', 'file_id'],
  ['parts', 'file_id'],
  ['part_segments', 'file_id'],
  ['shared_files', 'file_id'],
  ['replaced_files', 'old_file_id'],
  ['replaced_files', 'new_file_id'],
  ['named_files', 'file_id'],
  ['deletion_queue', 'file_id'],
] as const;

/**
 * Queues files for deletion that nothing referred to at some moment before, unless something does
 * now.
 *
 * Objects are not asked, for they are not found by file. They need not be: a file that nothing
 * referred to at that moment can be referred to later only
 * - by the write that uploaded it. That one ends, or is given up, within `writeDurationMsMax` of
 *   core after its first file was stored, and a file as young as that is no orphan yet;
 * - by a copy, a completed upload or a replacement. Each of them takes its files from rows that
 *   refer to them in the same transaction, so there would have to be such a row first.
 * - by an import, which notes it in `named_files`.
 * So the look at the other tables finds nothing either, unless one of the above is broken.
 */
export function* queueOrphans(
  context: WriteContext,
  fileIds: readonly string[],
  notBeforeMs: number,
): Statements<QueuedOrphans> {
  const needed = new Set<string>();
  for (const [table, column] of FOUND_BY_FILE) {
    const rows = yield* allIn<{ readonly file_id: string }>(
      (list) => `SELECT ${column} AS file_id FROM ${table} WHERE ${column} IN (${list})`,
      [],
      fileIds,
    );
    for (const { file_id } of rows) needed.add(file_id);
  }
  const queued = fileIds.filter((fileId) => !needed.has(fileId));
  yield* queueFiles(context, queued, notBeforeMs);
  return { queuedCount: queued.length, neededFileIds: [...needed] };
}

/** When the index was last put together from a backup; null when it never was. */
export function* findRestoreTime(): Statements<number | null> {
  const row = yield* get<{ readonly last_value: number }>(
    'SELECT last_value FROM sequences WHERE name = ?',
    ['restored_at_ms'],
  );
  return row?.last_value ?? null;
}
