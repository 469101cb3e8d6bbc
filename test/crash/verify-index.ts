import { setTimeout as sleep } from 'node:timers/promises';
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

/** Each finds rows that must not be, ten at most. */
const CHECKS: Readonly<Record<string, string>> = {
  'reference counts are wrong': `
    SELECT r.file_id, r.found, s.reference_count FROM
      (SELECT file_id, COUNT(*) AS found FROM (${REFERENCES}) GROUP BY file_id) r
      LEFT JOIN shared_files s ON s.file_id = r.file_id
      WHERE COALESCE(s.reference_count, 1) <> r.found LIMIT 10`,
  'counts of files that nothing refers to': `
    SELECT * FROM shared_files WHERE file_id NOT IN (${REFERENCES}) LIMIT 10`,
  'files are to be deleted that something refers to': `
    SELECT * FROM deletion_queue WHERE file_id IN (${REFERENCES}) LIMIT 10`,
  'segments do not tile their objects': `
    SELECT o.bucket_id, o.key, o.size, t.total, t.first_offset, t.last_end, t.gaps FROM objects o
      LEFT JOIN (
        SELECT object_id, SUM(size) AS total, MIN(start_offset) AS first_offset,
            MAX(start_offset + size) AS last_end, SUM(start_offset <> expected) AS gaps
          FROM (SELECT *, COALESCE(LAG(start_offset + size) OVER
              (PARTITION BY object_id, copy_number ORDER BY start_offset), 0) AS expected
            FROM segments WHERE copy_number = 0)
          GROUP BY object_id
      ) t ON t.object_id = o.id
      WHERE o.file_id IS NULL AND o.size > 0
        AND (t.total IS NULL OR t.total <> o.size OR t.gaps > 0 OR t.first_offset <> 0) LIMIT 10`,
  'segments of no object': `
    SELECT * FROM segments WHERE object_id NOT IN
      (SELECT id FROM objects WHERE file_id IS NULL AND size > 0) LIMIT 10`,
  'parts of no object': `
    SELECT * FROM object_parts WHERE object_id NOT IN
      (SELECT id FROM objects WHERE part_count IS NOT NULL) LIMIT 10`,
  'parts do not tile their objects': `
    SELECT o.key, o.size, o.part_count, COUNT(p.part_number) AS found, SUM(p.size) AS total
      FROM objects o LEFT JOIN object_parts p ON p.object_id = o.id
      WHERE o.part_count IS NOT NULL GROUP BY o.id
      HAVING found <> o.part_count OR total <> o.size LIMIT 10`,
  'part segments of no part': `
    SELECT * FROM part_segments s WHERE NOT EXISTS (SELECT 1 FROM parts p
      WHERE p.upload_id = s.upload_id AND p.part_number = s.part_number) LIMIT 10`,
};

/** Throws when rows of the index contradict each other. */
export function verifyIndex(index: SqliteDatabase): void {
  for (const [problem, sql] of Object.entries(CHECKS)) {
    const rows = index.prepare(sql).all();
    if (rows.length > 0) throw new Violation(`in the index, ${problem}`, { rows });
  }
}

/** Reads every page. Throws when the database is damaged. */
export function verifyPages(index: SqliteDatabase): void {
  const found = index.pragma('integrity_check', { simple: true });
  if (found !== 'ok') throw new Violation('the database is damaged', { found });
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
