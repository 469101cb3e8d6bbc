import { releaseFiles } from './file-references.ts';
import type { ChecksumAlgorithm, ChecksumType, Upload } from './records.ts';
import { all, allIn, get, run, type Statements, type WriteContext } from './statements.ts';
import {
  type SubresourceColumns,
  subresourceColumns,
  toSubresources,
} from './subresource-columns.ts';

export interface UploadRow extends SubresourceColumns {
  readonly bucket_id: number;
  readonly key: string;
  readonly upload_id: string;
  readonly owner_id: string;
  readonly initiator_id: string | null;
  readonly initiated_at_ms: number;
  readonly checksum_algorithm: ChecksumAlgorithm | null;
  readonly checksum_type: ChecksumType | null;
  readonly headers: string;
  readonly user_metadata: string;
}

export const uploadColumns = `bucket_id, key, upload_id, owner_id, initiator_id,
  initiated_at_ms, checksum_algorithm, checksum_type, headers, user_metadata, ${subresourceColumns}`;

export function* findUploadRow(
  bucketId: number,
  key: string,
  uploadId: string,
): Statements<UploadRow | undefined> {
  return yield* get<UploadRow>(
    `SELECT ${uploadColumns} FROM uploads WHERE bucket_id = ? AND key = ? AND upload_id = ?`,
    [bucketId, key, uploadId],
  );
}

export function toUpload(row: UploadRow): Upload {
  return {
    uploadId: row.upload_id,
    bucketId: row.bucket_id,
    key: row.key,
    ownerId: row.owner_id,
    initiatorId: row.initiator_id ?? row.owner_id,
    initiatedAtMs: row.initiated_at_ms,
    checksumAlgorithm: row.checksum_algorithm,
    checksumType: row.checksum_type,
    headers: JSON.parse(row.headers),
    userMetadata: JSON.parse(row.user_metadata),
    ...toSubresources(row),
  };
}

/** Removes an upload that nothing became of: its parts go and their files are released. */
export function* dropUpload(context: WriteContext, uploadId: string): Statements<void> {
  const files = yield* all<{ file_id: string }>(
    `SELECT file_id FROM parts WHERE upload_id = ? AND file_id IS NOT NULL
      UNION ALL SELECT file_id FROM part_segments WHERE upload_id = ?`,
    [uploadId, uploadId],
  );
  yield* forgetUpload(uploadId);
  yield* releaseFiles(
    context,
    files.map((row) => row.file_id),
  );
}

/** Removes the rows of an upload; the caller has taken over or released its files. */
export function* forgetUpload(uploadId: string): Statements<void> {
  yield* run('DELETE FROM part_segments WHERE upload_id = ?', [uploadId]);
  yield* run('DELETE FROM parts WHERE upload_id = ?', [uploadId]);
  yield* run('DELETE FROM uploads WHERE upload_id = ?', [uploadId]);
}

/** Removes some parts of an upload, if they are there, and releases their files. */
export function* dropParts(
  context: WriteContext,
  uploadId: string,
  partNumbers: readonly number[],
): Statements<void> {
  const files = yield* allIn<{ file_id: string | null }>(
    (list) => `DELETE FROM parts WHERE upload_id = ? AND part_number IN (${list})
      RETURNING file_id`,
    [uploadId],
    partNumbers,
  );
  const segments = yield* allIn<{ file_id: string }>(
    (list) => `DELETE FROM part_segments WHERE upload_id = ? AND part_number IN (${list})
      RETURNING file_id`,
    [uploadId],
    partNumbers,
  );
  yield* releaseFiles(
    context,
    [...files, ...segments].flatMap((row) => row.file_id ?? []),
  );
}
