import { releaseFiles } from './file-references.ts';
import { dropNames } from './named-files.ts';
import {
  type Checksum,
  type ChecksumAlgorithm,
  type ChecksumType,
  noSubresources,
  type ObjectDescription,
  type ObjectRecord,
  type ObjectSubresources,
  type SegmentContent,
  type VersioningState,
} from './records.ts';
import {
  allIn,
  insertRows,
  nextObjectId,
  runIn,
  type SqlValue,
  type Statements,
  type WriteContext,
} from './statements.ts';
import {
  type SubresourceColumns,
  subresourceColumns,
  subresourceValues,
  toSubresources,
} from './subresource-columns.ts';
import { NULL_VERSION_ID, newVersionId } from './version-ids.ts';

export interface ChecksumColumns {
  readonly checksum_algorithm: ChecksumAlgorithm | null;
  readonly checksum_type: ChecksumType | null;
  readonly checksum_value: string | null;
}

/** What has to go when an object goes. */
export interface ObjectContentRow {
  readonly bucket_id: number;
  readonly key: string;
  readonly id: number;
  readonly size: number;
  readonly part_count: number | null;
  readonly file_id: string | null;
}

export interface ObjectRow extends ChecksumColumns, ObjectContentRow, SubresourceColumns {
  readonly version_rank: number;
  readonly version_id: string | null;
  readonly is_delete_marker: number;
  readonly etag: string;
  readonly qetag: string | null;
  readonly last_modified_ms: number;
  readonly owner_id: string;
  readonly headers: string;
  readonly user_metadata: string;
}

/** Those of `ObjectRow`. */
export const objectColumns = `bucket_id, key, version_rank, id, version_id, is_delete_marker, size,
  etag, qetag, last_modified_ms, owner_id, checksum_algorithm, checksum_type, checksum_value, part_count,
  file_id, headers, user_metadata, ${subresourceColumns}`;

const insertedColumns = `bucket_id, key, version_rank, id, version_id, size, etag, qetag,
  last_modified_ms, owner_id, checksum_algorithm, checksum_type, checksum_value, part_count,
  file_id, storage_class, headers, user_metadata, ${subresourceColumns}`.split(/,\s+/);

const markerColumns = [
  ...['bucket_id', 'key', 'version_rank', 'id', 'version_id', 'is_delete_marker', 'size', 'etag'],
  ...['last_modified_ms', 'owner_id', 'headers', 'user_metadata'],
];

/** What the id of a version is that is written in that state of its bucket. */
function versionIdIn(versioning: VersioningState, id: number): string | null {
  if (versioning === null) return null;
  return versioning === 'Enabled' ? newVersionId(id) : NULL_VERSION_ID;
}

/**
 * Inserts the newest version of its key and gives it an ID. What it replaces must be gone, see
 * `findReplacedVersion`.
 */
export function* insertObject(
  versioning: VersioningState,
  object: InsertedObject,
): Statements<ObjectRecord> {
  const id = yield* nextObjectId();
  const versionId = versionIdIn(versioning, id);
  yield* insertRows('objects', insertedColumns, [insertedValues(object, id, versionId)]);
  return { qetag: null, ...noSubresources, ...object, id, versionId, isDeleteMarker: false };
}

/** As `insertObject` for many keys, each once; gives their IDs in the same order. */
export function* insertObjects(
  versioning: VersioningState,
  objects: readonly InsertedObject[],
): Statements<readonly number[]> {
  const ids: number[] = [];
  const rows: SqlValue[][] = [];
  for (const object of objects) {
    const id = yield* nextObjectId();
    ids.push(id);
    rows.push(insertedValues(object, id, versionIdIn(versioning, id)));
  }
  yield* insertRows('objects', insertedColumns, rows);
  return ids;
}

type InsertedObject = Omit<
  ObjectRecord,
  'id' | 'versionId' | 'isDeleteMarker' | 'qetag' | keyof ObjectSubresources
> &
  Partial<ObjectSubresources & Pick<ObjectRecord, 'qetag'>>;

function insertedValues(object: InsertedObject, id: number, versionId: string | null): SqlValue[] {
  return [
    object.bucketId,
    object.key,
    -id,
    id,
    versionId,
    object.size,
    object.etag,
    object.qetag ?? null,
    object.lastModifiedMs,
    object.ownerId,
    object.checksum?.algorithm ?? null,
    object.checksum?.type ?? null,
    object.checksum?.value ?? null,
    object.partCount,
    object.fileId,
    ...descriptionValues(object),
    ...subresourceValues(object),
  ];
}

/** Of the columns storage_class, headers and user_metadata. */
export function descriptionValues({ headers, userMetadata }: ObjectDescription): SqlValue[] {
  const storageClass = headers['x-amz-storage-class'] ?? null;
  return [storageClass, JSON.stringify(headers), JSON.stringify(userMetadata)];
}

/** Makes delete markers the newest versions of these keys; gives their version ids by key. */
export function* insertDeleteMarkers(
  versioning: Exclude<VersioningState, null>,
  keys: readonly string[],
  marker: { readonly bucketId: number; readonly ownerId: string; readonly lastModifiedMs: number },
): Statements<ReadonlyMap<string, string>> {
  const versionIds = new Map<string, string>();
  const rows: SqlValue[][] = [];
  for (const key of keys) {
    const id = yield* nextObjectId();
    const versionId = versionIdIn(versioning, id) ?? NULL_VERSION_ID;
    versionIds.set(key, versionId);
    const { bucketId, ownerId, lastModifiedMs } = marker;
    rows.push([bucketId, key, -id, id, versionId, 1, 0, '', lastModifiedMs, ownerId, '{}', '{}']);
  }
  yield* insertRows('objects', markerColumns, rows);
  return versionIds;
}

export function* insertSegments(
  objectId: number,
  segments: readonly SegmentContent[],
): Statements<void> {
  let startOffset = 0;
  const rows = segments.map((segment) => {
    const row = [objectId, 0, startOffset, segment.size, segment.fileId, segment.fileOffset];
    startOffset += segment.size;
    return row;
  });
  yield* insertRows(
    'segments',
    ['object_id', 'copy_number', 'start_offset', 'size', 'file_id', 'file_offset'],
    rows,
  );
}

/** Removes what belongs to objects whose own rows are gone already, and releases their files. */
export function* dropContents(
  context: WriteContext,
  rows: readonly ObjectContentRow[],
): Statements<void> {
  const fileIds = rows.flatMap((row) => row.file_id ?? []);
  const segmented = rows.filter((row) => row.file_id === null && row.size > 0);
  const dropped = yield* allIn<{ file_id: string }>(
    (list) => `DELETE FROM segments WHERE object_id IN (${list}) RETURNING file_id`,
    [],
    segmented.map((row) => row.id),
  );
  for (const { file_id } of dropped) fileIds.push(file_id);
  yield* runIn(
    (list) => `DELETE FROM object_parts WHERE object_id IN (${list})`,
    [],
    rows.filter((row) => row.part_count !== null).map((row) => row.id),
  );
  yield* releaseFiles(context, fileIds);
  yield* dropNames(
    rows.flatMap(({ file_id: fileId, bucket_id: bucketId, key }) =>
      fileId === null ? [] : { fileId, bucketId, key },
    ),
  );
}

export function toObjectRecord(row: ObjectRow): ObjectRecord {
  return {
    id: row.id,
    bucketId: row.bucket_id,
    key: row.key,
    versionId: row.version_id,
    isDeleteMarker: row.is_delete_marker === 1,
    size: row.size,
    etag: row.etag,
    qetag: row.qetag,
    lastModifiedMs: row.last_modified_ms,
    ownerId: row.owner_id,
    checksum: toChecksum(row),
    partCount: row.part_count,
    fileId: row.file_id,
    headers: JSON.parse(row.headers),
    userMetadata: JSON.parse(row.user_metadata),
    ...toSubresources(row),
  };
}

export function toChecksum(row: ChecksumColumns): Checksum | null {
  const { checksum_algorithm: algorithm, checksum_type: type, checksum_value: value } = row;
  return algorithm !== null && type !== null && value !== null ? { algorithm, type, value } : null;
}

/** The file ID when the content is exactly one file, all of it. */
export function wholeFileOf(segments: readonly SegmentContent[]): string | null {
  const [first] = segments;
  const isWhole = segments.length === 1 && first?.fileOffset === 0 && !first.hasMoreBehind;
  return isWhole ? first.fileId : null;
}

/** Throws when the segments are not exactly `size` bytes: such an object could not be read. */
export function assertTiles(segments: readonly SegmentContent[], size: number): void {
  let sum = 0;
  for (const segment of segments) {
    if (!(segment.size > 0)) throw new RangeError(`segment of ${segment.size} bytes`);
    sum += segment.size;
  }
  if (sum !== size) throw new RangeError(`segments of ${sum} bytes for content of ${size}`);
}
