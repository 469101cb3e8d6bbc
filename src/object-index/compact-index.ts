import { dirname } from 'node:path';
import { describeCopyError } from './copy-index.ts';
import { checkSpace, IndexFileError, makePartial, removePartial } from './index-file.ts';
import { replaceIndex, takeExclusively } from './replace-index.ts';
import { type IndexSummary, verifyCopy } from './verify-copy.ts';

export interface CompactResult extends IndexSummary {
  readonly sizeBytesBefore: number;
  /** Pages of the old file that held nothing. */
  readonly unusedBytesBefore: number;
}

/** Room beside the new file; it may need a little more than the pages in use. */
const SPARE_BYTES = 16 * 2 ** 20;

/**
 * Writes the index anew without its unused pages, in the order of its keys, verifies that and puts it
 * in place. The caller has made sure that no gateway serves. Throws `IndexFileError` and has changed
 * nothing then; the same is true of a process that is killed.
 *
 * The copy needs room for the pages in use, once; a VACUUM of the index itself would write all of
 * them to the log first and then to the database. Statistics for the query planner (ANALYZE) are
 * left out: every query seeks by keys, as tests of their plans make sure, and has nothing to choose.
 */
export function compactIndex(path: string): CompactResult {
  const exclusive = takeExclusively(path);
  try {
    const { database } = exclusive;
    if (database === null)
      throw new IndexFileError(`There is no index at ${path}, or it is damaged.`);
    const pragma = (name: string) => Number(database.pragma(name, { simple: true }));
    const pageSize = pragma('page_size');
    const unusedBytesBefore = pragma('freelist_count') * pageSize;
    const sizeBytesBefore = pragma('page_count') * pageSize;
    checkSpace(dirname(path), sizeBytesBefore - unusedBytesBefore + SPARE_BYTES);
    const partial = makePartial(path);
    try {
      database.prepare('VACUUM INTO ?').run(partial);
      const summary = verifyCopy(partial, { name: path });
      replaceIndex(exclusive, partial, path, null);
      return { ...summary, sizeBytesBefore, unusedBytesBefore };
    } catch (error) {
      removePartial(partial);
      throw error;
    }
  } catch (error) {
    throw describeCopyError(error, path, path);
  } finally {
    exclusive.release();
  }
}
