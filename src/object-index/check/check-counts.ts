import type { Damage, ObjectKey } from '../damage.ts';
import { type CheckRun, scan } from './check-run.ts';

/** Files whose objects are looked for; the rest waits for the next run. */
const LOCATED_FILES_MAX = 50_000;
/** Objects that are noted for each file. */
const REFERENCES_MAX = 4;

type FileColumns = readonly [
  fileId: string,
  referenceCount: number,
  recordedCount: number | null,
  isQueued: number,
];

/**
 * Counts the references to each file and compares with what is recorded: no row of `shared_files`
 * stands for one reference (see `file-references.ts`), and what is referred to is not queued.
 * Sorting all file IDs takes temporary space of about their length.
 */
export function checkCounts(run: CheckRun): void {
  const { database, rowCounts } = run;
  database.exec(
    `CREATE TEMP TABLE file_damage AS
      SELECT file_id, SUM(is_reference) AS reference_count, MAX(recorded) AS recorded_count,
          MAX(is_queued) AS is_queued
        FROM (
          SELECT file_id, 1 AS is_reference, NULL AS recorded, 0 AS is_queued
            FROM objects WHERE file_id IS NOT NULL
          UNION ALL SELECT file_id, 1, NULL, 0 FROM segments
          UNION ALL SELECT file_id, 1, NULL, 0 FROM parts WHERE file_id IS NOT NULL
          UNION ALL SELECT file_id, 1, NULL, 0 FROM part_segments
          UNION ALL SELECT new_file_id, 1, NULL, 0 FROM replaced_files
          UNION ALL SELECT file_id, 0, reference_count, 0 FROM shared_files
          UNION ALL SELECT file_id, 0, NULL, 1 FROM deletion_queue)
        GROUP BY file_id
        HAVING (SUM(is_reference) > 0 AND MAX(is_queued) = 1)
          OR (MAX(recorded) IS NULL AND SUM(is_reference) > 1)
          OR (MAX(recorded) IS NOT NULL
            AND (MAX(recorded) <> SUM(is_reference) OR MAX(recorded) = 1))`,
  );
  run.advance(rowCounts.objects ?? 0);
  const located = locate(run);
  const rows = scan<FileColumns>(
    run,
    `SELECT file_id, reference_count, recorded_count, is_queued FROM temp.file_damage
      ORDER BY rowid`,
  );
  for (const row of rows) run.found(describe(run, row, located.get(row[0]) ?? []));
}

/** Some objects that refer to each of the files, for the first ones of these. */
function locate({ database }: CheckRun): ReadonlyMap<string, readonly ObjectKey[]> {
  const located = new Map<string, ObjectKey[]>();
  const isAny = database.prepare('SELECT 1 FROM temp.file_damage').get() !== undefined;
  if (!isAny) return located;
  database.exec('CREATE UNIQUE INDEX temp.file_damage_by_file ON file_damage (file_id)');
  // CROSS keeps the order of the loops: all objects once, and a look for each in the few files.
  const rows = database
    .prepare(
      `SELECT o.file_id, o.bucket_id, o.key, o.version_rank
        FROM objects o CROSS JOIN temp.file_damage d ON d.file_id = o.file_id
        WHERE d.rowid <= ${LOCATED_FILES_MAX}`,
    )
    .raw()
    .iterate() as IterableIterator<readonly [string, number, string, number]>;
  for (const [fileId, bucketId, key, versionRank] of rows) {
    const references = located.get(fileId);
    if (references === undefined) located.set(fileId, [{ bucketId, key, versionRank }]);
    else if (references.length < REFERENCES_MAX) references.push({ bucketId, key, versionRank });
  }
  return located;
}

function describe(
  run: CheckRun,
  [fileId, referenceCount, recordedCount, isQueuedColumn]: FileColumns,
  references: readonly ObjectKey[],
): Damage {
  const isQueued = isQueuedColumn === 1;
  const isMalformed = run.readFileId(fileId) === null;
  return {
    ...judge(referenceCount, recordedCount, isQueued),
    place: { ...references[0], fileId },
    repair: {
      ...{ name: 'file-state', recordedCount, isQueued, referenceCount },
      ...{ references, isMalformed },
    },
  };
}

function judge(
  referenceCount: number,
  recordedCount: number | null,
  isQueued: boolean,
): Pick<Damage, 'kind' | 'severity' | 'problem'> {
  const real = `${referenceCount} ${referenceCount === 1 ? 'row refers' : 'rows refer'} to the file`;
  if (isQueued && referenceCount > 0) {
    const problem = `${real}, which waits to be deleted.`;
    return { kind: 'queued-but-needed', severity: 'severe', problem };
  }
  const recorded = recordedCount ?? 1;
  if (recorded < referenceCount) {
    const problem = `${real}, and ${recorded} ${recorded === 1 ? 'is' : 'are'} counted: it would be deleted while it is needed.`;
    return { kind: 'count-too-low', severity: 'severe', problem };
  }
  if (referenceCount === 0) {
    const problem = `${recorded} references are counted, and nothing refers to the file: it would never be deleted.`;
    return { kind: 'counted-but-unused', severity: 'warning', problem };
  }
  if (recorded === referenceCount) {
    const problem = 'One row refers to the file, for which no count is kept.';
    return { kind: 'count-needless', severity: 'warning', problem };
  }
  const problem = `${real}, and ${recorded} are counted: it would never be deleted.`;
  return { kind: 'count-too-high', severity: 'warning', problem };
}
