import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectories } from '../support/make-directories.ts';
import { type CopyIndexOptions, describeCopyError, fillPartial } from './copy-index.ts';
import { IndexFileError, makePartial, removePartial } from './index-file.ts';
import { keptPathOf, removeLeftovers, replaceIndex, takeExclusively } from './replace-index.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { type IndexSummary, listSealedSecrets, type SealedSecret } from './verify-copy.ts';

export interface RestoreResult extends IndexSummary {
  /** Where the index that was there is now; null when there was none. */
  readonly keptPath: string | null;
  /** Files that were queued for deletion although something refers to them. */
  readonly takenOffQueueCount: number;
  readonly sealedSecrets: readonly SealedSecret[];
}

export interface RestoreOptions
  extends Pick<CopyIndexOptions, 'signal' | 'onProgress' | 'onVerify'> {
  readonly nowMs: number;
}

/**
 * Puts a copy of what is in `file` in the place of the index, which is kept beside it. The file is
 * verified first and stays as it is. The caller has made sure that no gateway serves. Throws
 * `IndexFileError`, or what the signal was aborted with, and has changed nothing then.
 */
export async function restoreIndex(
  file: string,
  path: string,
  { nowMs, ...options }: RestoreOptions,
): Promise<RestoreResult> {
  refuseItself(file, path);
  makeDirectories(dirname(path), 0o700);
  removeLeftovers(path);
  const partial = makePartial(path);
  try {
    let takenOffQueueCount = 0;
    const summary = await fillPartial(file, partial, {
      ...options,
      prepare: (database) => {
        takenOffQueueCount = takeReferencedFilesOffQueue(database);
        noteRestore(database, nowMs);
      },
    });
    const sealedSecrets = listSealedSecrets(partial);
    const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
    const keptPath = isThere ? keptPathOf(path, nowMs) : null;
    const exclusive = takeExclusively(path);
    try {
      options.signal?.throwIfAborted();
      replaceIndex(exclusive, partial, path, keptPath);
    } finally {
      exclusive.release();
    }
    return { ...summary, keptPath, takenOffQueueCount, sealedSecrets };
  } catch (error) {
    removePartial(partial);
    throw describeCopyError(error, file, path);
  }
}

/** Files from before that time may be unknown to the index and needed all the same. */
function noteRestore(database: SqliteDatabase, nowMs: number): void {
  const note = database.prepare(
    `INSERT INTO sequences (name, last_value) VALUES ('restored_at_ms', ?)
      ON CONFLICT (name) DO UPDATE SET last_value = excluded.last_value`,
  );
  note.run(nowMs);
}

function refuseItself(file: string, path: string): void {
  const [wanted, index] = [file, path].map((name) => statSync(name, { throwIfNoEntry: false }));
  if (!wanted) throw new IndexFileError(`There is no file ${file}.`);
  if (!wanted.isFile()) throw new IndexFileError(`${file} is not a file.`);
  if (index && wanted.dev === index.dev && wanted.ino === index.ino) {
    throw new IndexFileError(`${file} is the index itself.`);
  }
}

/** Tables whose rows refer to files; the last one came with a later migration. */
const REFERRING = ['objects', 'segments', 'parts', 'part_segments', 'replaced_files'] as const;

/**
 * A backup is one moment of the index, in which nothing that is queued is referred to. A file that
 * was put together in another way may be wrong there, and the gateway would begin with deleting.
 */
function takeReferencedFilesOffQueue(database: SqliteDatabase): number {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'");
  const known = new Set(tables.pluck().all());
  if (!database.prepare('SELECT 1 FROM deletion_queue LIMIT 1').get()) return 0;
  let count = 0;
  for (const table of REFERRING.filter((name) => known.has(name))) {
    const column = table === 'replaced_files' ? 'new_file_id' : 'file_id';
    // CROSS JOIN keeps this order: one pass over the larger table, and a seek in the queue each.
    const taken = database.prepare(
      `DELETE FROM deletion_queue WHERE file_id IN (
        SELECT queue.file_id FROM ${table} AS referring
          CROSS JOIN deletion_queue AS queue ON queue.file_id = referring.${column})`,
    );
    count += taken.run().changes;
  }
  return count;
}
