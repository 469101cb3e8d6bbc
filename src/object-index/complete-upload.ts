import { beginWrite } from './begin-write.ts';
import { dropContents, insertObject } from './object-rows.ts';
import type { ObjectRecord } from './records.ts';
import { requeueReplicaChecks } from './replica-checks.ts';
import { all, run, type Statements, type WriteContext } from './statements.ts';
import type { CompleteUploadOutcome, CompleteUploadRequest } from './upload-requests.ts';
import { dropParts, dropUpload, findUploadRow, forgetUpload, toUpload } from './upload-rows.ts';
import { deleteRows } from './versions.ts';

/**
 * Makes an object of the parts listed. The rows move inside the database, a fixed number of
 * statements for any number of parts; parts that are not listed lose their files.
 */
export function* completeUpload(
  context: WriteContext,
  request: CompleteUploadRequest,
): Statements<CompleteUploadOutcome> {
  const { bucketId, key, uploadId, condition } = request;
  const uploadRow = yield* findUploadRow(bucketId, key, uploadId);
  if (!uploadRow) return { outcome: 'no-such-upload' };
  const { listed, unlisted, invalidPartNumber } = matchParts(
    request.parts,
    yield* findParts(uploadId),
  );
  if (invalidPartNumber !== null) {
    return { outcome: 'invalid-part', partNumber: invalidPartNumber };
  }
  const size = listed.reduce((sum, part) => sum + part.size, 0);
  const objectKey = request.decided?.key ?? key;
  const allowed = yield* beginWrite({ bucketId, key: objectKey, size, condition });
  if (allowed.outcome === 'same-content') {
    yield* dropUpload(context, uploadId);
    yield* rememberCompleted(request, allowed.object);
    return allowed;
  }
  if (allowed.outcome !== 'allowed') return allowed;
  const { versioning, replaced } = allowed;

  yield* dropParts(context, uploadId, unlisted);
  const { ownerId, retention, ...upload } = toUpload(uploadRow);
  const { tags, acl, hasLegalHold } = upload;
  const { headers, userMetadata, expiresAtMs, kodo } = request.decided ?? upload;
  const fileId = onlyFileOf(listed);
  yield* deleteRows(replaced);
  const object = yield* insertObject(versioning, {
    bucketId,
    key: objectKey,
    size,
    etag: request.etag,
    qetag: request.qetag ?? null,
    lastModifiedMs: request.lastModifiedMs,
    ownerId,
    checksum: request.checksum,
    // None for Kodo's empty objects, which were never in parts.
    partCount: listed.length || null,
    fileId,
    headers,
    userMetadata,
    ...{ tags, acl, hasLegalHold, expiresAtMs, kodo },
    retention: retention ?? request.defaultRetention ?? null,
  });
  yield* movePartsToObject(uploadId, object.id, fileId !== null);
  yield* forgetUpload(uploadId);
  if (objectKey !== key) yield* requeueReplicaChecks(context, object);
  yield* rememberCompleted(request, object);
  yield* dropContents(context, replaced);
  return { outcome: 'completed', object };
}

interface PartRow {
  readonly part_number: number;
  readonly etag: string;
  readonly size: number;
  readonly file_id: string | null;
}

function* findParts(uploadId: string): Statements<PartRow[]> {
  return yield* all<PartRow>(
    `SELECT part_number, etag, size, file_id FROM parts WHERE upload_id = ? ORDER BY part_number`,
    [uploadId],
  );
}

/** Walks both lists once; each is in ascending order of part number. */
function matchParts(
  requested: CompleteUploadRequest['parts'],
  stored: readonly PartRow[],
): { listed: PartRow[]; unlisted: number[]; invalidPartNumber: number | null } {
  const listed: PartRow[] = [];
  const unlisted: number[] = [];
  let next = 0;
  for (const { partNumber, etag } of requested) {
    let part = stored[next++];
    for (; part && part.part_number < partNumber; part = stored[next++]) {
      unlisted.push(part.part_number);
    }
    if (part?.part_number !== partNumber || part.etag !== etag) {
      return { listed, unlisted, invalidPartNumber: partNumber };
    }
    listed.push(part);
  }
  for (const part of stored.slice(next)) unlisted.push(part.part_number);
  return { listed, unlisted, invalidPartNumber: null };
}

/** The file when all bytes of the object are one whole file. */
function onlyFileOf(parts: readonly PartRow[]): string | null {
  const withBytes = parts.filter((part) => part.size > 0);
  return withBytes.length === 1 ? (withBytes[0]?.file_id ?? null) : null;
}

function* movePartsToObject(
  uploadId: string,
  objectId: number,
  isOneFile: boolean,
): Statements<void> {
  yield* run(
    `INSERT INTO object_parts (object_id, part_number, start_offset, size, checksum_value)
      SELECT CAST(? AS BIGINT), part_number, SUM(size) OVER (ORDER BY part_number) - size, size,
          checksum_value
        FROM parts WHERE upload_id = ?`,
    [objectId, uploadId],
  );
  if (isOneFile) return;
  yield* run(
    `INSERT INTO segments (object_id, copy_number, start_offset, size, file_id, file_offset)
      SELECT o.object_id, 0, o.start_offset, p.size, p.file_id, 0
        FROM object_parts o JOIN parts p ON p.upload_id = ? AND p.part_number = o.part_number
        WHERE o.object_id = ? AND p.file_id IS NOT NULL`,
    [uploadId, objectId],
  );
  yield* run(
    `INSERT INTO segments (object_id, copy_number, start_offset, size, file_id, file_offset)
      SELECT o.object_id, 0, o.start_offset + s.start_offset, s.size, s.file_id, s.file_offset
        FROM object_parts o
        JOIN part_segments s ON s.upload_id = ? AND s.part_number = o.part_number
        WHERE o.object_id = ?`,
    [uploadId, objectId],
  );
}

/** So that a repeated completion of the upload finds what became of it. */
export function* rememberCompleted(
  request: Pick<CompleteUploadRequest, 'uploadId' | 'etag' | 'lastModifiedMs'> &
    Partial<Pick<CompleteUploadRequest, 'checksum'>>,
  object: ObjectRecord,
): Statements<void> {
  yield* run(
    `INSERT INTO completed_uploads (upload_id, bucket_id, key, version_id, etag, qetag,
        checksum_algorithm, checksum_type, checksum_value, completed_at_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      request.uploadId,
      object.bucketId,
      object.key,
      object.versionId,
      request.etag,
      object.qetag,
      request.checksum?.algorithm ?? null,
      request.checksum?.type ?? null,
      request.checksum?.value ?? null,
      request.lastModifiedMs,
    ],
  );
}
