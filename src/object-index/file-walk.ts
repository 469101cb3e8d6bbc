import type { FileReference } from './file-records.ts';
import type { FileReferencesPage, ListFileReferencesRequest } from './file-requests.ts';
import { type Position, parsePosition, renderPosition } from './file-walk-position.ts';
import { all, get, type SqlValue, type Statements } from './statements.ts';

/** What one table gives of a page; `next` is null when it has no more. */
interface Stretch {
  readonly references: readonly FileReference[];
  readonly rowCount: number;
  readonly next: Position | null;
}

export function* listFileReferences(
  request: ListFileReferencesRequest,
): Statements<FileReferencesPage> {
  const references: FileReference[] = [];
  let position: Position | null = parsePosition(request.after);
  let rowsLeft = request.limit;
  while (position !== null && rowsLeft > 0) {
    const stretch: Stretch = yield* walk(position, request.bucketId, rowsLeft);
    for (const reference of stretch.references) references.push(reference);
    rowsLeft -= stretch.rowCount;
    position = stretch.next;
  }
  return { references, next: position === null ? null : renderPosition(position) };
}

/** About how many references a walk will give. Reads all of the tables. */
export function* countFileReferences(bucketId: number | null): Statements<number> {
  const row =
    bucketId === null
      ? yield* get<{ count: number }>(
          `SELECT (SELECT COUNT(*) FROM objects WHERE file_id IS NOT NULL)
              + (SELECT COUNT(*) FROM segments)
              + (SELECT COUNT(*) FROM parts WHERE file_id IS NOT NULL)
              + (SELECT COUNT(*) FROM part_segments) AS count`,
          [],
        )
      : yield* get<{ count: number }>(
          'SELECT COUNT(*) AS count FROM objects WHERE bucket_id = ? AND file_id IS NOT NULL',
          [bucketId],
        );
  return row?.count ?? 0;
}

function walk(position: Position, bucketId: number | null, limit: number): Statements<Stretch> {
  switch (position[0]) {
    case 'parts':
      return walkParts(position, bucketId, limit);
    case 'part_segments':
      return walkPartSegments(position, bucketId, limit);
    case 'objects':
      return walkObjects(position, bucketId, limit);
    case 'segments':
      return walkSegments(position, limit);
  }
}

interface PartReferenceRow {
  readonly upload_id: string;
  readonly part_number: number;
  readonly start_offset: number;
  readonly file_id: string | null;
  readonly bucket_id: number;
  readonly key: string;
  readonly size: number;
  /** Null for a part that is one whole file. */
  readonly file_offset: number | null;
}

function* walkParts(
  [, uploadId, partNumber]: Extract<Position, readonly ['parts', ...unknown[]]>,
  bucketId: number | null,
  limit: number,
): Statements<Stretch> {
  const rows = yield* all<PartReferenceRow>(
    `SELECT p.upload_id, p.part_number, p.file_id, p.size, NULL AS file_offset, u.bucket_id, u.key
      FROM parts p JOIN uploads u ON u.upload_id = p.upload_id
      WHERE (p.upload_id, p.part_number) > (?, ?)
      ORDER BY p.upload_id, p.part_number LIMIT ?`,
    [uploadId, partNumber, limit],
  );
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    references: partReferences(rows, bucketId),
    rowCount: rows.length,
    next: last ? ['parts', last.upload_id, last.part_number] : ['part_segments', '', 0, -1],
  };
}

function* walkPartSegments(
  [, ...after]: Extract<Position, readonly ['part_segments', ...unknown[]]>,
  bucketId: number | null,
  limit: number,
): Statements<Stretch> {
  const rows = yield* all<PartReferenceRow>(
    `SELECT s.upload_id, s.part_number, s.start_offset, s.file_id, s.size, s.file_offset,
        u.bucket_id, u.key
      FROM part_segments s JOIN uploads u ON u.upload_id = s.upload_id
      WHERE (s.upload_id, s.part_number, s.start_offset) > (?, ?, ?)
      ORDER BY s.upload_id, s.part_number, s.start_offset LIMIT ?`,
    [...after, limit],
  );
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    references: partReferences(rows, bucketId),
    rowCount: rows.length,
    next: last
      ? ['part_segments', last.upload_id, last.part_number, last.start_offset]
      : ['objects', bucketId ?? -1, '', 0],
  };
}

function partReferences(
  rows: readonly PartReferenceRow[],
  bucketId: number | null,
): FileReference[] {
  return rows
    .filter((row) => bucketId === null || row.bucket_id === bucketId)
    .flatMap(({ file_id, bucket_id, key, upload_id, size, file_offset }) =>
      file_id === null
        ? []
        : [
            {
              fileId: file_id,
              bucketId: bucket_id,
              key,
              uploadId: upload_id,
              ...bytes(file_offset, size),
            },
          ],
    );
}

/** Which bytes of a file a row needs; `fileOffset` is null when it is the whole file. */
function bytes(
  fileOffset: number | null,
  size: number,
): Pick<FileReference, 'fileOffset' | 'size' | 'isWholeFile'> {
  return { fileOffset: fileOffset ?? 0, size, isWholeFile: fileOffset === null };
}

/** Rows of objects read at once: all behind one with segments are read again. */
const OBJECTS_READ_MAX = 32;

/** Stops behind the first object with segments, which `walkSegments` goes through. */
function* walkObjects(
  [, ...after]: Extract<Position, readonly ['objects', ...unknown[]]>,
  bucketId: number | null,
  rowsLeft: number,
): Statements<Stretch> {
  const limit = Math.min(rowsLeft, OBJECTS_READ_MAX);
  const values: SqlValue[] = bucketId === null ? [...after] : [...after, bucketId];
  const rows = yield* all<{
    readonly bucket_id: number;
    readonly key: string;
    readonly version_rank: number;
    readonly id: number;
    readonly size: number;
    readonly file_id: string | null;
  }>(
    `SELECT bucket_id, key, version_rank, id, size, file_id FROM objects
      WHERE (bucket_id, key, version_rank) > (?, ?, ?) ${bucketId === null ? '' : 'AND bucket_id = ?'}
      ORDER BY bucket_id, key, version_rank LIMIT ?`,
    [...values, limit],
  );
  const references: FileReference[] = [];
  for (const [index, row] of rows.entries()) {
    const { bucket_id, key, version_rank, id } = row;
    if (row.file_id !== null) {
      const place = { fileId: row.file_id, bucketId: bucket_id, key, uploadId: null };
      references.push({ ...place, ...bytes(null, row.size) });
    } else if (row.size > 0) {
      const next = ['segments', bucket_id, key, version_rank, id, -1, 0] as const;
      return { references, rowCount: index + 1, next };
    }
  }
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    references,
    rowCount: rows.length,
    next: last ? ['objects', last.bucket_id, last.key, last.version_rank] : null,
  };
}

function* walkSegments(
  position: Extract<Position, readonly ['segments', ...unknown[]]>,
  limit: number,
): Statements<Stretch> {
  const [, bucketId, key, versionRank, objectId, copyNumber, startOffset] = position;
  const rows = yield* all<{
    readonly copy_number: number;
    readonly start_offset: number;
    readonly file_id: string;
    readonly size: number;
    readonly file_offset: number;
  }>(
    `SELECT copy_number, start_offset, file_id, size, file_offset FROM segments
      WHERE object_id = ? AND (copy_number, start_offset) > (?, ?)
      ORDER BY copy_number, start_offset LIMIT ?`,
    [objectId, copyNumber, startOffset, limit],
  );
  const last = rows.length === limit ? rows.at(-1) : undefined;
  const object = [bucketId, key, versionRank] as const;
  return {
    references: rows.map((row) => {
      const place = { fileId: row.file_id, bucketId, key, uploadId: null };
      return { ...place, ...bytes(row.file_offset, row.size) };
    }),
    rowCount: rows.length,
    next: last
      ? ['segments', ...object, objectId, last.copy_number, last.start_offset]
      : ['objects', ...object],
  };
}
