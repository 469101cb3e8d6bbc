import { setTimeout as sleep } from 'node:timers/promises';
import { checkIndexFile } from '../../src/check-index.ts';
import type { SqliteDatabase } from '../../src/object-index/sqlite-database.ts';
import { Violation } from './violation.ts';

const DRAIN_TIMEOUT_MS = 60_000;
const POLL_INTERVAL_MS = 50;

/** One row for each reference to a file. */
const REFERENCES = `
  SELECT file_id FROM objects WHERE file_id IS NOT NULL
  UNION ALL SELECT file_id FROM segments
  UNION ALL SELECT file_id FROM parts WHERE file_id IS NOT NULL
  UNION ALL SELECT file_id FROM part_segments
  UNION ALL SELECT new_file_id FROM replaced_files`;

/** Throws when `fastdfs-s3 fsck` would find anything: pages, counts, tiles, rows of nothing. */
export async function verifyIndex(path: string): Promise<void> {
  const { isSound, damages } = await checkIndexFile(path, path, {
    signal: new AbortController().signal,
    onCopy: () => {},
    onCheck: () => {},
  });
  if (!isSound || damages.length > 0) throw new Violation('the index is damaged', { damages });
}

/** Resolves when all files are deleted that no key needs. Throws when that does not happen. */
export async function untilDeletionsAreDone(index: SqliteDatabase): Promise<void> {
  const count = index.prepare('SELECT COUNT(*) FROM deletion_queue').pluck();
  for (let waitedMs = 0; count.get() !== 0; waitedMs += POLL_INTERVAL_MS) {
    if (waitedMs > DRAIN_TIMEOUT_MS) {
      const rows = index.prepare('SELECT * FROM deletion_queue LIMIT 10').all();
      throw new Violation('the deletion queue does not drain', { rows });
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

/** IDs of all files that rows refer to. */
export function referencedFiles(index: SqliteDatabase): Set<string> {
  return new Set(index.prepare(REFERENCES).pluck().all() as string[]);
}
