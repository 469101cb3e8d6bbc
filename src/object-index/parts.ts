import { shareFiles } from './file-references.ts';
import { nameNewFiles } from './name-new-files.ts';
import {
  assertTiles,
  type ChecksumColumns,
  type ObjectRow,
  toChecksum,
  wholeFileOf,
} from './object-rows.ts';
import { listSegments } from './objects.ts';
import type { Part, SegmentContent } from './records.ts';
import { queueReplicaChecks } from './replica-checks.ts';
import { all, get, insertRows, run, type Statements, type WriteContext } from './statements.ts';
import type { CopyPartRequest, NewPart } from './upload-requests.ts';
import { dropParts, findUploadRow } from './upload-rows.ts';
import { findVersionRow } from './versions.ts';

export function* putPart(
  context: WriteContext,
  part: NewPart,
): Statements<'stored' | 'no-such-upload'> {
  assertTiles(part.segments, part.size);
  if (!(yield* findUploadRow(part.bucketId, part.key, part.uploadId))) return 'no-such-upload';
  yield* dropParts(context, part.uploadId, [part.partNumber]);
  yield* insertPart(part, wholeFileOf(part.segments));
  yield* nameNewFiles(part);
  yield* queueReplicaChecks(context, part);
  return 'stored';
}

export function* copyPart(
  context: WriteContext,
  request: CopyPartRequest,
): Statements<'stored' | 'no-such-upload' | 'source-changed'> {
  const { source, range, sourceObjectId, sourceEtag, ...part } = request;
  if (!(yield* findUploadRow(part.bucketId, part.key, part.uploadId))) return 'no-such-upload';
  const sourceRow = yield* findVersionRow(source.bucketId, source.key, source.versionId);
  if (sourceRow?.id !== sourceObjectId) return 'source-changed';
  if (sourceEtag !== undefined && sourceRow.etag !== sourceEtag) return 'source-changed';
  const segments = yield* cutSegments(sourceRow, range.start, range.size);
  assertTiles(segments, range.size);
  yield* shareFiles(segments.map((segment) => segment.fileId));
  yield* dropParts(context, part.uploadId, [part.partNumber]);
  // Only the source's own row knows that a file is used whole; a segment may be a piece of one.
  const fileId = range.size === sourceRow.size ? sourceRow.file_id : null;
  yield* insertPart({ ...part, size: range.size, segments }, fileId);
  return 'stored';
}

/** Bytes `start` to `start + size - 1` of an object, as pieces of its files. */
function* cutSegments(row: ObjectRow, start: number, size: number): Statements<SegmentContent[]> {
  if (size === 0) return [];
  if (row.file_id !== null) {
    return start + size <= row.size ? [{ fileId: row.file_id, fileOffset: start, size }] : [];
  }
  const pieces: SegmentContent[] = [];
  let offset = start;
  while (offset < start + size) {
    const segments = yield* listSegments(row.id, offset, SEGMENTS_PER_BATCH);
    if (segments.length === 0) break;
    for (const segment of segments) {
      const skipped = offset - segment.startOffset;
      const pieceSize = Math.min(segment.size - skipped, start + size - offset);
      if (pieceSize <= 0) break;
      const fileOffset = segment.fileOffset + skipped;
      pieces.push({ fileId: segment.fileId, fileOffset, size: pieceSize });
      offset += pieceSize;
    }
  }
  return pieces;
}

const SEGMENTS_PER_BATCH = 256;

function* insertPart(part: NewPart, fileId: string | null): Statements<void> {
  yield* run(
    `INSERT INTO parts (upload_id, part_number, size, etag, qetag, last_modified_ms,
        checksum_algorithm, checksum_type, checksum_value, file_id)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      part.uploadId,
      part.partNumber,
      part.size,
      part.etag,
      part.qetag ?? null,
      part.lastModifiedMs,
      part.checksum?.algorithm ?? null,
      part.checksum?.type ?? null,
      part.checksum?.value ?? null,
      fileId,
    ],
  );
  if (fileId !== null) return;
  let startOffset = 0;
  const rows = part.segments.map(({ size, fileId: segmentFileId, fileOffset }) => {
    startOffset += size;
    return [part.uploadId, part.partNumber, startOffset - size, size, segmentFileId, fileOffset];
  });
  yield* insertRows(
    'part_segments',
    ['upload_id', 'part_number', 'start_offset', 'size', 'file_id', 'file_offset'],
    rows,
  );
}

interface PartRow extends ChecksumColumns {
  readonly part_number: number;
  readonly size: number;
  readonly etag: string;
  readonly qetag: string | null;
  readonly last_modified_ms: number;
}

export function* listParts(
  uploadId: string,
  afterPartNumber: number,
  limit: number,
): Statements<{ readonly parts: readonly Part[]; readonly isTruncated: boolean }> {
  if (limit === 0) return { parts: [], isTruncated: false };
  const rows = yield* all<PartRow>(
    `SELECT part_number, size, etag, qetag, last_modified_ms, checksum_algorithm, checksum_type,
        checksum_value
      FROM parts WHERE upload_id = ? AND part_number > ? ORDER BY part_number LIMIT ?`,
    [uploadId, afterPartNumber, limit + 1],
  );
  const parts = rows.slice(0, limit).map((row) => ({
    partNumber: row.part_number,
    size: row.size,
    etag: row.etag,
    qetag: row.qetag,
    lastModifiedMs: row.last_modified_ms,
    checksum: toChecksum(row),
  }));
  return { parts, isTruncated: rows.length > limit };
}

/** Bytes of an upload's parts, without one that is to be replaced. */
export function* sumParts(uploadId: string, exceptPartNumber: number): Statements<number> {
  const row = yield* get<{ readonly size: number }>(
    `SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS size FROM parts
      WHERE upload_id = ? AND part_number <> ?`,
    [uploadId, exceptPartNumber],
  );
  return row?.size ?? 0;
}

/** Where the bytes of a part begin; null where it has none, or is not there. */
export function* findPartStart(
  uploadId: string,
  partNumber: number,
): Statements<SegmentContent | null> {
  const row = yield* get<{
    readonly file_id: string;
    readonly file_offset: number;
    readonly size: number;
  }>(
    `SELECT file_id, 0 AS file_offset, size FROM parts
        WHERE upload_id = ? AND part_number = ? AND file_id IS NOT NULL
      UNION ALL SELECT file_id, file_offset, size FROM part_segments
        WHERE upload_id = ? AND part_number = ? AND start_offset = 0`,
    [uploadId, partNumber, uploadId, partNumber],
  );
  return row ? { fileId: row.file_id, fileOffset: row.file_offset, size: row.size } : null;
}
