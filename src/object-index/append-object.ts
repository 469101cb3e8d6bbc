import { beginWrite } from './begin-write.ts';
import { nameNewFiles } from './name-new-files.ts';
import { dropNames } from './named-files.ts';
import { assertTiles, type ObjectRow, toObjectRecord, wholeFileOf } from './object-rows.ts';
import { queueReplicaChecks } from './replica-checks.ts';
import { get, insertRows, run, type Statements, type WriteContext } from './statements.ts';
import { findVersionRow } from './versions.ts';
import type { AppendObjectOutcome, AppendObjectRequest } from './write-requests.ts';

/**
 * Puts new segments behind those of an object, in a fixed number of statements for any size: the
 * object keeps its number, so that whoever reads it finds the bytes it began with. Its new ETag and
 * checksum were worked out from the object named by `objectId` and `etag`, and it must be that still.
 */
export function* appendObject(
  context: WriteContext,
  request: AppendObjectRequest,
): Statements<AppendObjectOutcome> {
  const { bucketId, key, expected, size, segments, condition } = request;
  assertTiles(segments, size);
  const current = yield* findVersionRow(bucketId, key);
  const wholeSize = size + (current?.size ?? 0);
  const allowed = yield* beginWrite({ bucketId, key, size: wholeSize, condition });
  if (allowed.outcome !== 'allowed') return allowed;
  if (allowed.versioning !== null) return { outcome: 'versioned' };
  if (current?.id !== expected.objectId || current.etag !== expected.etag) {
    return { outcome: 'object-changed' };
  }
  yield* addPart(current, request);
  const fileId = current.size === 0 ? wholeFileOf(segments) : null;
  if (fileId === null) yield* addSegments(current, segments);
  const { etag, checksum, partCount, lastModifiedMs } = request;
  yield* run(
    `UPDATE objects SET size = ?, etag = ?, qetag = NULL, last_modified_ms = ?, checksum_algorithm = ?,
        checksum_type = ?, checksum_value = ?, part_count = ?, file_id = ?
      WHERE bucket_id = ? AND key = ? AND version_rank = ?`,
    [
      ...[wholeSize, etag, lastModifiedMs, checksum?.algorithm ?? null, checksum?.type ?? null],
      ...[checksum?.value ?? null, partCount, fileId],
      ...[bucketId, key, current.version_rank],
    ],
  );
  if (current.file_id !== null) yield* dropNames([{ fileId: current.file_id, bucketId, key }]);
  yield* nameNewFiles({ bucketId, key, segments });
  yield* queueReplicaChecks(context, { bucketId, key, segments });
  const object = { ...toObjectRecord(current), size: wholeSize, etag, qetag: null, lastModifiedMs };
  return { outcome: 'appended', object: { ...object, checksum, partCount, fileId } };
}

/** What was written in one piece becomes the first part. */
function* addPart(current: ObjectRow, request: AppendObjectRequest): Statements<void> {
  const { id, size, part_count: partCount, checksum_value: checksum } = current;
  const rows: (string | number | null)[][] = [];
  let partNumber = 1;
  if (partCount !== null) {
    const last = yield* get<{ readonly part_number: number }>(
      `SELECT part_number FROM object_parts WHERE object_id = ?
        ORDER BY part_number DESC LIMIT 1`,
      [id],
    );
    partNumber = (last?.part_number ?? 0) + 1;
  } else if (size > 0) {
    rows.push([id, partNumber, 0, size, checksum]);
    partNumber = 2;
  }
  rows.push([id, partNumber, size, request.size, request.partChecksum]);
  yield* insertRows(
    'object_parts',
    ['object_id', 'part_number', 'start_offset', 'size', 'checksum_value'],
    rows,
  );
}

function* addSegments(
  { id, size, file_id: fileId }: ObjectRow,
  segments: AppendObjectRequest['segments'],
): Statements<void> {
  const rows: (string | number)[][] = fileId === null ? [] : [[id, 0, 0, size, fileId, 0]];
  let startOffset = size;
  for (const segment of segments) {
    rows.push([id, 0, startOffset, segment.size, segment.fileId, segment.fileOffset]);
    startOffset += segment.size;
  }
  yield* insertRows(
    'segments',
    ['object_id', 'copy_number', 'start_offset', 'size', 'file_id', 'file_offset'],
    rows,
  );
}
