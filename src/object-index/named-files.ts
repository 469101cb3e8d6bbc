import type { NamedFile } from './file-records.ts';
import { all, allIn, insertRows, run, type Statements } from './statements.ts';

/**
 * `named_files` leads from the IDs of files that people know by ID to the keys whose objects they
 * are. It tells two more things: that something refers to a file at all, since its rows go with the
 * last reference, and whether the file was imported, which decides if it may be deleted then.
 *
 * Every new file with an extension has rows here, whoever wrote it. So a file that is named and not
 * here is not referred to by anything; see `importObjects`.
 */

/** An object, by the only thing that finds one. */
export interface FilePlace {
  readonly bucketId: number;
  readonly key: string;
}

/** Which of these files are named. */
export function* findNamed(fileIds: readonly string[]): Statements<ReadonlySet<string>> {
  const rows = yield* allIn<{ readonly file_id: string }>(
    (list) => `SELECT file_id FROM named_files WHERE file_id IN (${list})`,
    [],
    fileIds,
  );
  return new Set(rows.map(({ file_id }) => file_id));
}

/** What a file ID is the name of; null when nobody is to know the file by it. */
export function* findNamedFile(fileId: string): Statements<NamedFile | null> {
  const rows = yield* all<{ bucket_id: number; key: string; is_imported: number }>(
    'SELECT bucket_id, key, is_imported FROM named_files WHERE file_id = ? LIMIT 100',
    [fileId],
  );
  if (rows.length === 0) return null;
  return {
    fileId,
    isImported: rows.some((row) => row.is_imported === 1),
    places: rows.map((row) => ({ bucketId: row.bucket_id, key: row.key })),
  };
}

export function* addNames(
  names: readonly (FilePlace & { readonly fileId: string; readonly isImported: boolean })[],
): Statements<void> {
  yield* insertRows(
    'named_files',
    ['file_id', 'bucket_id', 'key', 'is_imported'],
    names.map(({ fileId, bucketId, key, isImported }) => [
      ...[fileId, bucketId, key, Number(isImported)],
    ]),
    'ON CONFLICT (file_id, bucket_id, key) DO NOTHING',
  );
}

/** Another object is that file now; nothing happens when the file is not named. */
export function* nameCopy(fileId: string | null, { bucketId, key }: FilePlace): Statements<void> {
  if (fileId === null) return;
  yield* run(
    `INSERT INTO named_files (file_id, bucket_id, key, is_imported)
      SELECT file_id, CAST(? AS BIGINT), CAST(? AS TEXT), MAX(is_imported)
        FROM named_files WHERE file_id = ? GROUP BY file_id
      ON CONFLICT (file_id, bucket_id, key) DO NOTHING`,
    [bucketId, key, fileId],
  );
}

/** The object of that number got another key. */
export function* renameNames(
  object: FilePlace & { readonly id: number; readonly fileId: string | null },
  key: string,
): Statements<void> {
  const [files, values] =
    object.fileId === null
      ? ['(SELECT file_id FROM segments WHERE object_id = ?)', [object.id]]
      : ['(?)', [object.fileId]];
  const names = yield* all<{ readonly file_id: string; readonly is_imported: number }>(
    `DELETE FROM named_files WHERE file_id IN ${files} AND bucket_id = ? AND key = ?
      RETURNING file_id, is_imported`,
    [...values, object.bucketId, object.key],
  );
  yield* addNames(
    names.map((row) => ({
      ...{ fileId: row.file_id, isImported: row.is_imported === 1 },
      ...{ bucketId: object.bucketId, key },
    })),
  );
}

/** The setting of a bucket that says what becomes of imported files without references. */
const IMPORTED_FILES_SETTING = 'importedFiles';

/**
 * Whether another row says all that has to be known of the file of row `n` as long as anything
 * refers to it: that it is named, and, of an imported one, that a bucket does not give it up.
 */
export const isDispensable = `EXISTS (SELECT 1 FROM named_files o WHERE o.file_id = n.file_id
    AND NOT (o.bucket_id = n.bucket_id AND o.key = n.key)
    AND (n.is_imported = 0 OR o.bucket_id = n.bucket_id
      OR EXISTS (SELECT 1 FROM bucket_settings s WHERE s.bucket_id = n.bucket_id
        AND s.name = '${IMPORTED_FILES_SETTING}' AND s.value = 'delete')))`;

/** Forgets keys whose objects are these files no more, as far as that is dispensable. */
export function* dropNames(
  dropped: readonly (FilePlace & { readonly fileId: string })[],
): Statements<void> {
  if (dropped.length === 0) return;
  const named = yield* findNamed(dropped.map(({ fileId }) => fileId));
  for (const { fileId, bucketId, key } of dropped) {
    if (!named.has(fileId)) continue;
    yield* run(
      `DELETE FROM named_files AS n WHERE file_id = ? AND bucket_id = ? AND key = ?
        AND ${isDispensable}
        AND NOT EXISTS (SELECT 1 FROM objects o
          WHERE o.bucket_id = ? AND o.key = ? AND o.file_id = ?)`,
      [fileId, bucketId, key, bucketId, key, fileId],
    );
  }
}

/**
 * Forgets files that nothing refers to any more. Gives those of them that have to be kept: imported
 * ones, unless every bucket that they were in gives its consent.
 */
export function* forgetNames(fileIds: readonly string[]): Statements<ReadonlySet<string>> {
  const rows = yield* allIn<{ file_id: string; bucket_id: number; is_imported: number }>(
    (list) => `DELETE FROM named_files WHERE file_id IN (${list})
      RETURNING file_id, bucket_id, is_imported`,
    [],
    fileIds,
  );
  const imported = rows.filter((row) => row.is_imported === 1);
  if (imported.length === 0) return new Set();
  const consenting = yield* allIn<{ bucket_id: number }>(
    (list) => `SELECT bucket_id FROM bucket_settings
      WHERE name = '${IMPORTED_FILES_SETTING}' AND value = 'delete' AND bucket_id IN (${list})`,
    [],
    [...new Set(imported.map((row) => row.bucket_id))],
  );
  const bucketIds = new Set(consenting.map((row) => row.bucket_id));
  return new Set(imported.filter((row) => !bucketIds.has(row.bucket_id)).map((row) => row.file_id));
}
