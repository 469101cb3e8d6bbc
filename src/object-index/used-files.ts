import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { batchesOf, openWorkingFile } from './sorted-texts.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/** Every column that holds a file ID of a file that is needed, or that waits for its deletion. */
const USED_FILES = `SELECT file_id FROM main.objects WHERE file_id IS NOT NULL
  UNION ALL SELECT file_id FROM main.segments
  UNION ALL SELECT file_id FROM main.parts WHERE file_id IS NOT NULL
  UNION ALL SELECT file_id FROM main.part_segments
  UNION ALL SELECT file_id FROM main.shared_files
  UNION ALL SELECT old_file_id FROM main.replaced_files
  UNION ALL SELECT new_file_id FROM main.replaced_files
  UNION ALL SELECT file_id FROM main.named_files
  UNION ALL SELECT file_id FROM main.deletion_queue`;

/**
 * All files that the index knows at one moment, in the order of their bytes; one may come several
 * times. They are copied into a working file first, which is one pass over the tables; sorting and
 * reading go on without the index, so that a slow reader does not keep its write-ahead log from
 * being cut back. `database` must not be in a transaction, and may be written meanwhile by others.
 */
export async function* listUsedFiles(
  database: SqliteDatabase,
  directory: string,
): AsyncGenerator<readonly string[], void, void> {
  const working = mkdtempSync(join(directory, 'fastdfs-s3-used-'));
  try {
    const path = join(working, 'used.sqlite');
    const file = openWorkingFile(path);
    file.exec('CREATE TABLE used (file_id TEXT NOT NULL)');
    file.close();
    copyUsedFiles(database, path);
    const copied = openWorkingFile(path);
    try {
      yield* batchesOf(copied, 'SELECT file_id FROM used ORDER BY file_id');
    } finally {
      copied.close();
    }
  } finally {
    rmSync(working, { recursive: true, force: true });
  }
}

function copyUsedFiles(database: SqliteDatabase, path: string): void {
  database.prepare('ATTACH DATABASE ? AS working').run(path);
  try {
    database.pragma('working.journal_mode = OFF');
    database.pragma('working.synchronous = OFF');
    // One statement reads one snapshot.
    database.exec(`INSERT INTO working.used (file_id) ${USED_FILES}`);
  } finally {
    database.exec('DETACH DATABASE working');
  }
}
