import { commonPrefixOf } from './key-order.ts';
import { type ListingPosition, listEntries, listingStart } from './list-entries.ts';
import type { ListedObject, ListObjectsPage, ListObjectsRequest } from './listing-requests.ts';
import type { ChecksumAlgorithm, ChecksumType } from './records.ts';
import { all, type Statements } from './statements.ts';

/** Tens of milliseconds, for which other listings wait. */
const ROWS_READ_MAX = 20_000;

/** Columns that all listings of objects read. */
export interface ListedRow {
  readonly key: string;
  readonly is_delete_marker: number;
  readonly size: number;
  readonly etag: string;
  readonly last_modified_ms: number;
  readonly owner_id: string;
  readonly storage_class: string | null;
  readonly checksum_algorithm: ChecksumAlgorithm | null;
  readonly checksum_type: ChecksumType | null;
}

/** Those of `ListedRow`. */
export const listedColumns = `key, is_delete_marker, size, etag, last_modified_ms, owner_id,
  storage_class, checksum_algorithm, checksum_type`;

/** Where details are wanted; listings of S3 do without the texts. */
interface DetailedRow extends ListedRow {
  readonly id?: number;
  readonly qetag?: string | null;
  readonly expires_at_ms?: number | null;
  readonly headers?: string;
  readonly kodo?: string | null;
}

const detailedColumns = `${listedColumns}, id, qetag, expires_at_ms, headers, kodo`;

/** Lists the first row of each key, unless it is a delete marker. */
export function* listObjects(request: ListObjectsRequest): Statements<ListObjectsPage> {
  const { limit } = request;
  const start = startOf(request);
  const { entries: found, stoppedAfter } = yield* listEntries<DetailedRow>(request, start, {
    rowsReadMax: ROWS_READ_MAX,
    fetch: (from, end, count) => fetchObjects(request, from, end, count),
    roleOf(row, previous) {
      if (row.key === previous?.key) return 'passed';
      return row.is_delete_marker === 0 ? 'listed' : 'hidden';
    },
  });
  const objects: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  const entries = found.slice(0, limit);
  for (const entry of entries) {
    if ('row' in entry) objects.push(toDetailedObject(entry.row));
    else commonPrefixes.push(entry.commonPrefix);
  }
  const page = { objects, commonPrefixes };
  if (stoppedAfter !== null && entries.length < limit) {
    return { ...page, ...interruption(request, stoppedAfter.key) };
  }
  const last = found.length > limit || stoppedAfter !== null ? entries.at(-1) : undefined;
  const nextAfter = last ? ('row' in last ? last.row.key : last.commonPrefix) : null;
  return { ...page, nextAfter, resumeAfter: null };
}

function startOf(request: ListObjectsRequest): ListingPosition<DetailedRow> | null {
  const { resumeAfter = null, after, prefix, includesEmptyKey = false } = request;
  if (resumeAfter !== null) return { afterKey: resumeAfter };
  if (includesEmptyKey && after === '' && prefix === '') return { atKey: '' };
  return listingStart(request, after);
}

/** As a marker, a key inside a common prefix would pass over the keys of it that are still to come. */
function interruption({ prefix, delimiter }: ListObjectsRequest, key: string) {
  const nextAfter = commonPrefixOf(key, prefix, delimiter) === null ? key : null;
  return { nextAfter, resumeAfter: key };
}

function* fetchObjects(
  { bucketId, hasDetails = false }: ListObjectsRequest,
  position: ListingPosition<DetailedRow>,
  end: string | null,
  count: number,
): Statements<DetailedRow[]> {
  const [comparison, key] =
    'atKey' in position
      ? ['>=', position.atKey]
      : ['>', 'afterKey' in position ? position.afterKey : position.afterRow.key];
  return yield* all<DetailedRow>(
    `SELECT ${hasDetails ? detailedColumns : listedColumns}
      FROM objects WHERE bucket_id = ? AND key ${comparison} ? ${end === null ? '' : 'AND key < ?'}
      ORDER BY key, version_rank LIMIT ?`,
    end === null ? [bucketId, key, count] : [bucketId, key, end, count],
  );
}

export function toListedObject(row: ListedRow): ListedObject {
  return {
    key: row.key,
    size: row.size,
    etag: row.etag,
    lastModifiedMs: row.last_modified_ms,
    ownerId: row.owner_id,
    storageClass: row.storage_class,
    checksumAlgorithm: row.checksum_algorithm,
    checksumType: row.checksum_type,
  };
}

function toDetailedObject(row: DetailedRow): ListedObject {
  const object = toListedObject(row);
  const { id, qetag = null, expires_at_ms: expiresAtMs = null, headers, kodo = null } = row;
  if (id === undefined || headers === undefined) return object;
  const details = {
    objectId: id,
    contentType: JSON.parse(headers)['content-type'] ?? null,
    qetag,
    expiresAtMs,
    kodo: kodo === null ? null : JSON.parse(kodo),
  };
  return { ...object, details };
}
