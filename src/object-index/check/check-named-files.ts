import { isDispensable } from '../named-files.ts';
import { type CheckRun, scan } from './check-run.ts';

type AstrayColumns = readonly [
  fileId: string,
  bucketId: number,
  key: string,
  isDispensable: number,
  isUsed: number,
];

/**
 * A name leads to an object that is its file; the last name of a file that is still needed may lead
 * to none, and so may the last one in a bucket that does not give up the files it imported. All names of a file agree on whether it was imported.
 */
export function checkNamedFiles(run: CheckRun): void {
  if (run.rowCounts.named_files === 0) return;
  checkImported(run);
  run.database.exec(
    `CREATE TEMP TABLE named_astray AS
      SELECT file_id, bucket_id, key, is_imported FROM named_files n
        WHERE NOT EXISTS (SELECT 1 FROM objects o
          WHERE o.bucket_id = n.bucket_id AND o.key = n.key AND o.file_id = n.file_id)`,
  );
  run.advance(run.rowCounts.named_files ?? 0);
  const isAny = run.database.prepare('SELECT 1 FROM temp.named_astray').get() !== undefined;
  if (!isAny) return;
  const rows = scan<AstrayColumns>(
    run,
    `SELECT file_id, bucket_id, key,
        ${isDispensable},
        EXISTS (SELECT 1 FROM segments WHERE file_id = n.file_id)
          OR EXISTS (SELECT 1 FROM parts WHERE file_id = n.file_id)
          OR EXISTS (SELECT 1 FROM part_segments WHERE file_id = n.file_id)
          OR EXISTS (SELECT 1 FROM replaced_files WHERE new_file_id = n.file_id)
          OR file_id IN (SELECT file_id FROM objects WHERE file_id IS NOT NULL)
      FROM temp.named_astray n`,
  );
  for (const [fileId, bucketId, key, isNeedless, isUsed] of rows) {
    const isWrong = isUsed === 1 && isNeedless === 1;
    if (isUsed === 1 && !isWrong) continue;
    run.found({
      kind: isWrong ? 'name-astray' : 'name-unused',
      severity: 'warning',
      place: { bucketId, key, fileId },
      problem: isWrong
        ? 'The file is known by its ID, and the object under this key is another one.'
        : 'The file is known by its ID, and nothing refers to it.',
      repair: { name: 'named-file', isUsed: isUsed === 1 },
    });
  }
}

function checkImported(run: CheckRun): void {
  const rows = scan<readonly [string, number, string]>(
    run,
    `SELECT file_id, bucket_id, key FROM named_files
      GROUP BY file_id HAVING MIN(is_imported) <> MAX(is_imported) OR MAX(is_imported) > 1
        OR MIN(is_imported) < 0`,
  );
  for (const [fileId, bucketId, key] of rows) {
    run.found({
      kind: 'imported-unclear',
      severity: 'error',
      place: { bucketId, key, fileId },
      problem:
        'It is not clear whether the file was imported, and may be deleted with its last key.',
      repair: { name: 'imported-file' },
    });
  }
}
