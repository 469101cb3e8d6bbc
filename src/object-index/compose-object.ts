import { beginWrite } from './begin-write.ts';
import { rememberCompleted } from './complete-upload.ts';
import { dropContents, insertObject, insertSegments, wholeFileOf } from './object-rows.ts';
import type { ObjectRecord, SegmentContent } from './records.ts';
import { queueReplicaChecks } from './replica-checks.ts';
import { all, allIn, insertRows, runIn, type Statements, type WriteContext } from './statements.ts';
import type {
  ComposedUpload,
  ComposeObjectOutcome,
  ComposeObjectRequest,
  UploadParts,
} from './upload-requests.ts';
import { dropUpload } from './upload-rows.ts';
import { deleteRows } from './versions.ts';

/** Uploads that one transaction drops: each may have thousands of parts. */
const droppedUploadsMax = 20;

/** Makes one object of the parts of several uploads; all of them go, or none does. */
export function* composeObject(
  context: WriteContext,
  request: ComposeObjectRequest,
): Statements<ComposeObjectOutcome> {
  const { uploads, condition, ...described } = request;
  const { bucketId, key, lastModifiedMs, etag } = request;
  if (new Set(uploads.map(({ uploadId }) => uploadId)).size < uploads.length) {
    throw new RangeError('an upload is listed twice');
  }
  const parts = yield* findParts(bucketId, uploads);
  const changed = uploads.find((upload) => !hasExactly(upload, parts.get(upload.uploadId)));
  if (changed) return { outcome: 'no-such-upload', uploadId: changed.uploadId };
  const listed = uploads.flatMap(({ uploadId }) => parts.get(uploadId) ?? []);
  const size = listed.reduce((sum, part) => sum + part.size, 0);
  const allowed = yield* beginWrite({ bucketId, key, size, condition });
  if (allowed.outcome === 'same-content') {
    for (const { uploadId } of uploads) yield* dropUpload(context, uploadId);
    yield* rememberComposed(uploads, { etag, lastModifiedMs }, allowed.object);
    return allowed;
  }
  if (allowed.outcome !== 'allowed') return allowed;
  const { versioning, replaced } = allowed;

  const segments = yield* segmentsOf(listed);
  const fileId = onlyFileOf(listed, segments);
  yield* deleteRows(replaced);
  const whole = { size, checksum: null, partCount: listed.length, fileId };
  const object = yield* insertObject(versioning, { ...described, ...whole });
  yield* insertObjectParts(object.id, listed);
  if (fileId === null) yield* insertSegments(object.id, segments);
  yield* forgetUploads(uploads.map(({ uploadId }) => uploadId));
  yield* queueReplicaChecks(context, { bucketId, key, segments });
  yield* rememberComposed(uploads, { etag, lastModifiedMs }, object);
  yield* dropContents(context, replaced);
  return { outcome: 'stored', object };
}

export function* listPartsOfUploads(
  bucketId: number,
  uploadIds: readonly string[],
): Statements<readonly UploadParts[]> {
  const found = yield* findParts(
    bucketId,
    uploadIds.map((uploadId) => ({ uploadId })),
  );
  return Array.from(found, ([uploadId, rows]) => ({
    uploadId,
    parts: rows.map(({ part_number: partNumber, size, etag, qetag }) => ({
      ...{ partNumber, size, etag, qetag },
    })),
  }));
}

/** IDs of uploads begin with the time of their start, so that old ones are few seeks away. */
export function* dropKeylessUploads(
  context: WriteContext,
  beforeUploadId: string,
): Statements<number> {
  const rows = yield* all<{ readonly upload_id: string }>(
    `SELECT u.upload_id FROM buckets b
        JOIN uploads u ON u.bucket_id = b.id AND u.key = '' AND u.upload_id < ?
      LIMIT ?`,
    [beforeUploadId, droppedUploadsMax],
  );
  for (const { upload_id: uploadId } of rows) yield* dropUpload(context, uploadId);
  return rows.length;
}

interface PartRow {
  readonly upload_id: string;
  readonly part_number: number;
  readonly size: number;
  readonly etag: string;
  readonly qetag: string | null;
  readonly file_id: string | null;
}

/** Parts by upload, in order of their numbers. */
function* findParts(
  bucketId: number,
  uploads: readonly Pick<ComposedUpload, 'uploadId'>[],
): Statements<Map<string, PartRow[]>> {
  const rows = yield* allIn<PartRow>(
    (list) => `SELECT p.upload_id, p.part_number, p.size, p.etag, p.qetag, p.file_id
      FROM uploads u JOIN parts p ON p.upload_id = u.upload_id
      WHERE u.bucket_id = ? AND u.key = '' AND u.upload_id IN (${list})`,
    [bucketId],
    uploads.map(({ uploadId }) => uploadId),
  );
  rows.sort((a, b) => a.part_number - b.part_number);
  return groupBy(rows, (row) => row.upload_id);
}

function groupBy<Row>(rows: readonly Row[], nameOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(nameOf(row));
    if (group) group.push(row);
    else groups.set(nameOf(row), [row]);
  }
  return groups;
}

function hasExactly({ etags }: ComposedUpload, parts: readonly PartRow[] | undefined): boolean {
  if (parts?.length !== etags.length) return false;
  return parts.every((part, at) => part.part_number === at + 1 && part.etag === etags[at]);
}

function* segmentsOf(parts: readonly PartRow[]): Statements<SegmentContent[]> {
  const split = new Set(parts.filter(isSplit).map((part) => part.upload_id));
  const rows = yield* allIn<{
    readonly upload_id: string;
    readonly part_number: number;
    readonly start_offset: number;
    readonly size: number;
    readonly file_id: string;
    readonly file_offset: number;
  }>(
    (list) => `SELECT upload_id, part_number, start_offset, size, file_id, file_offset
      FROM part_segments WHERE upload_id IN (${list})`,
    [],
    [...split],
  );
  rows.sort((a, b) => a.start_offset - b.start_offset);
  const byPart = groupBy(rows, (row) => `${row.upload_id}/${row.part_number}`);
  return parts.flatMap((part): SegmentContent[] => {
    if (part.file_id !== null) return [{ fileId: part.file_id, fileOffset: 0, size: part.size }];
    const segments = byPart.get(`${part.upload_id}/${part.part_number}`) ?? [];
    return segments.map(({ file_id: fileId, file_offset: fileOffset, size }) => ({
      ...{ fileId, fileOffset, size },
    }));
  });
}

function isSplit(part: PartRow): boolean {
  return part.file_id === null && part.size > 0;
}

/** A segment may be a piece of a file; only a part's own row knows that it is a whole one. */
function onlyFileOf(parts: readonly PartRow[], segments: readonly SegmentContent[]): string | null {
  return parts.some(isSplit) ? null : wholeFileOf(segments);
}

function* insertObjectParts(objectId: number, parts: readonly PartRow[]): Statements<void> {
  let startOffset = 0;
  const rows = parts.map(({ size }, at) => {
    startOffset += size;
    return [objectId, at + 1, startOffset - size, size];
  });
  yield* insertRows('object_parts', ['object_id', 'part_number', 'start_offset', 'size'], rows);
}

function* forgetUploads(uploadIds: readonly string[]): Statements<void> {
  for (const table of ['part_segments', 'parts', 'uploads']) {
    yield* runIn((list) => `DELETE FROM ${table} WHERE upload_id IN (${list})`, [], uploadIds);
  }
}

/** The first upload stands for all of them. */
function* rememberComposed(
  [first]: readonly ComposedUpload[],
  whole: { readonly etag: string; readonly lastModifiedMs: number },
  object: ObjectRecord,
): Statements<void> {
  if (first) yield* rememberCompleted({ uploadId: first.uploadId, ...whole }, object);
}
