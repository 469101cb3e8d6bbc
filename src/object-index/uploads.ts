import { bucketExists } from './buckets.ts';
import { type ListingPosition, listEntries, listingStart } from './list-entries.ts';
import { type ChecksumColumns, toChecksum } from './object-rows.ts';
import type { Upload } from './records.ts';
import { forgetRenameTokens } from './rename-object.ts';
import {
  all,
  get,
  insertRows,
  run,
  type SqlValue,
  type Statements,
  type WriteContext,
} from './statements.ts';
import { subresourceValues } from './subresource-columns.ts';
import type { CompletedUpload, ListUploadsPage, ListUploadsRequest } from './upload-requests.ts';
import {
  dropUpload,
  findUploadRow,
  toUpload,
  type UploadRow,
  uploadColumns,
} from './upload-rows.ts';

export function* createUpload(
  _context: WriteContext,
  upload: Upload,
): Statements<'created' | 'no-such-bucket'> {
  if (!(yield* bucketExists(upload.bucketId))) return 'no-such-bucket';
  yield* insertRows('uploads', uploadColumns.split(/,\s+/), [
    [
      upload.bucketId,
      upload.key,
      upload.uploadId,
      upload.ownerId,
      upload.initiatorId === upload.ownerId ? null : upload.initiatorId,
      upload.initiatedAtMs,
      upload.checksumAlgorithm,
      upload.checksumType,
      JSON.stringify(upload.headers),
      JSON.stringify(upload.userMetadata),
      ...subresourceValues(upload),
    ],
  ]);
  return 'created';
}

export function* findUpload(
  bucketId: number,
  key: string,
  uploadId: string,
): Statements<Upload | null> {
  const row = yield* findUploadRow(bucketId, key, uploadId);
  return row ? toUpload(row) : null;
}

export function* abortUpload(
  context: WriteContext,
  bucketId: number,
  key: string,
  uploadId: string,
): Statements<'aborted' | 'no-such-upload'> {
  if (!(yield* findUploadRow(bucketId, key, uploadId))) return 'no-such-upload';
  yield* dropUpload(context, uploadId);
  return 'aborted';
}

type UploadMarker = Pick<UploadRow, 'key' | 'upload_id'>;

export function* listUploads(request: ListUploadsRequest): Statements<ListUploadsPage> {
  const { bucketId, limit } = request;
  const { entries: found } = yield* listEntries<UploadRow, UploadMarker>(
    request,
    uploadsStart(request),
    {
      fetch: (position, end, count) => fetchUploads(bucketId, position, end, count),
      roleOf: () => 'listed',
      rowsReadMax: Number.POSITIVE_INFINITY,
    },
  );
  const uploads: Upload[] = [];
  const commonPrefixes: string[] = [];
  const entries = found.slice(0, limit);
  for (const entry of entries) {
    if ('row' in entry) uploads.push(toUpload(entry.row));
    else commonPrefixes.push(entry.commonPrefix);
  }
  const last = found.length > limit ? entries.at(-1) : undefined;
  if (!last) return { uploads, commonPrefixes, next: null };
  const next =
    'row' in last
      ? { keyMarker: last.row.key, uploadIdMarker: last.row.upload_id }
      : { keyMarker: last.commonPrefix, uploadIdMarker: '' };
  return { uploads, commonPrefixes, next };
}

/** With an upload ID marker, the marker's own key is listed on behind that upload. */
function uploadsStart(request: ListUploadsRequest): ListingPosition<UploadMarker> | null {
  const start = listingStart(request, request.keyMarker);
  if (start === null || 'atKey' in start || request.uploadIdMarker === '') return start;
  return { afterRow: { key: request.keyMarker, upload_id: request.uploadIdMarker } };
}

function* fetchUploads(
  bucketId: number,
  position: ListingPosition<UploadMarker>,
  end: string | null,
  count: number,
): Statements<UploadRow[]> {
  const [after, values]: [string, SqlValue[]] =
    'atKey' in position
      ? ['key >= ?', [position.atKey]]
      : 'afterKey' in position
        ? ['key > ?', [position.afterKey]]
        : ['(key, upload_id) > (?, ?)', [position.afterRow.key, position.afterRow.upload_id]];
  if (end !== null) values.push(end);
  return yield* all<UploadRow>(
    `SELECT ${uploadColumns} FROM uploads
      WHERE bucket_id = ? AND ${after} ${end === null ? '' : 'AND key < ?'}
      ORDER BY key, upload_id LIMIT ?`,
    [bucketId, ...values, count],
  );
}

export function* findCompletedUpload(uploadId: string): Statements<CompletedUpload | null> {
  const row = yield* get<
    ChecksumColumns & {
      readonly bucket_id: number;
      readonly key: string;
      readonly version_id: string | null;
      readonly etag: string;
      readonly qetag: string | null;
    }
  >(
    `SELECT bucket_id, key, version_id, etag, qetag, checksum_algorithm, checksum_type,
        checksum_value
      FROM completed_uploads WHERE upload_id = ?`,
    [uploadId],
  );
  if (!row) return null;
  return {
    uploadId,
    bucketId: row.bucket_id,
    key: row.key,
    versionId: row.version_id,
    etag: row.etag,
    qetag: row.qetag,
    checksum: toChecksum(row),
  };
}

export function* forgetCompletedUploads(
  _context: WriteContext,
  completedBeforeMs: number,
): Statements<void> {
  yield* run('DELETE FROM completed_uploads WHERE completed_at_ms < ?', [completedBeforeMs]);
  yield* forgetRenameTokens(completedBeforeMs);
}
