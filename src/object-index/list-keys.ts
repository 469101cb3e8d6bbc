import { commonPrefixOf } from './key-order.ts';
import { type ListingPosition, listEntries, listingStart } from './list-entries.ts';
import type { ChecksumAlgorithm, ChecksumType } from './records.ts';
import type { ListedObject, ListObjectsPage, ListObjectsRequest } from './requests.ts';
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

/** Lists the first row of each key, unless it is a delete marker. */
export function* listObjects(request: ListObjectsRequest): Statements<ListObjectsPage> {
  const { bucketId, limit, resumeAfter = null } = request;
  const start =
    resumeAfter === null ? listingStart(request, request.after) : { afterKey: resumeAfter };
  const { entries: found, stoppedAfter } = yield* listEntries<ListedRow>(request, start, {
    rowsReadMax: ROWS_READ_MAX,
    fetch: (from, end, count) => fetchObjects(bucketId, from, end, count),
    roleOf(row, previous) {
      if (row.key === previous?.key) return 'passed';
      return row.is_delete_marker === 0 ? 'listed' : 'hidden';
    },
  });
  const objects: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  const entries = found.slice(0, limit);
  for (const entry of entries) {
    if ('row' in entry) objects.push(toListedObject(entry.row));
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

/** As a marker, a key inside a common prefix would pass over the keys of it that are still to come. */
function interruption({ prefix, delimiter }: ListObjectsRequest, key: string) {
  const nextAfter = commonPrefixOf(key, prefix, delimiter) === null ? key : null;
  return { nextAfter, resumeAfter: key };
}

function* fetchObjects(
  bucketId: number,
  position: ListingPosition<ListedRow>,
  end: string | null,
  count: number,
): Statements<ListedRow[]> {
  const [comparison, key] =
    'atKey' in position
      ? ['>=', position.atKey]
      : ['>', 'afterKey' in position ? position.afterKey : position.afterRow.key];
  return yield* all<ListedRow>(
    `SELECT ${listedColumns}
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
