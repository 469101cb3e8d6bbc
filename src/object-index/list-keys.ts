import { commonPrefixOf, compareKeys, firstKeyAfterPrefix } from './key-order.ts';
import type { ChecksumAlgorithm, ChecksumType } from './records.ts';
import type { ListedObject, ListObjectsPage, ListObjectsRequest } from './requests.ts';
import { all, type Statements } from './statements.ts';

/** Where a listing goes on: at a key, behind all rows of a key, or behind one row. */
export type ListingPosition<Marker> =
  | { readonly atKey: string }
  | { readonly afterKey: string }
  | { readonly afterRow: Marker };

type ListingEntry<Row> =
  | { readonly row: Row }
  /** Stands for every key that starts with it. */
  | { readonly commonPrefix: string };

/** Rows from `position` on, in order, that sort before the key `end`; null is no end. */
type FetchRows<Row, Marker> = (
  position: ListingPosition<Marker>,
  end: string | null,
  count: number,
) => Statements<Row[]>;

const ROWS_PER_BATCH_MIN = 4;
const ROWS_PER_BATCH_FIRST = 32;

/**
 * Lists up to `limit` entries and one more if there is one, which tells that the page is truncated.
 *
 * Behind each common prefix it seeks to the first key that is not part of it, so a page costs what
 * it returns. Batches grow while their rows are used and shrink when common prefixes swallow them.
 */
export function* listEntries<Row extends Marker, Marker extends { readonly key: string } = Row>(
  request: { readonly prefix: string; readonly delimiter: string; readonly limit: number },
  start: ListingPosition<Marker> | null,
  fetchRows: FetchRows<Row, Marker>,
): Statements<ListingEntry<Row>[]> {
  const { prefix, delimiter, limit } = request;
  const entries: ListingEntry<Row>[] = [];
  const end = firstKeyAfterPrefix(prefix);
  let position: ListingPosition<Marker> | null = limit === 0 ? null : start;
  let batchSize = delimiter === '' ? limit + 1 : ROWS_PER_BATCH_FIRST;
  while (position !== null && entries.length <= limit) {
    const count = Math.min(batchSize, limit + 1 - entries.length);
    const rows: Row[] = yield* fetchRows(position, end, count);
    let inside: string | null = null;
    let swallowed = 0;
    for (const row of rows) {
      if (inside !== null && row.key.startsWith(inside)) {
        swallowed += 1;
        continue;
      }
      inside = commonPrefixOf(row.key, prefix, delimiter);
      entries.push(inside === null ? { row } : { commonPrefix: inside });
    }
    position = rows.length < count ? null : positionAfter(inside, rows);
    batchSize =
      swallowed * 2 > rows.length
        ? Math.max(ROWS_PER_BATCH_MIN, Math.ceil(batchSize / 4))
        : Math.min(limit + 1, batchSize * 2);
  }
  return entries;
}

function positionAfter<Row>(
  commonPrefix: string | null,
  rows: readonly Row[],
): ListingPosition<Row> | null {
  if (commonPrefix !== null) return atKeyAfter(commonPrefix);
  const afterRow = rows.at(-1);
  return afterRow === undefined ? null : { afterRow };
}

function atKeyAfter(commonPrefix: string): { atKey: string } | null {
  const atKey = firstKeyAfterPrefix(commonPrefix);
  return atKey === null ? null : { atKey };
}

/**
 * Where a listing starts that returns only what sorts after `after`; null when nothing can follow.
 * A common prefix that `after` equals or starts with does not sort after it and is passed over.
 */
export function listingStart(
  request: { readonly prefix: string; readonly delimiter: string },
  after: string,
): { atKey: string } | { afterKey: string } | null {
  const { prefix, delimiter } = request;
  if (!after.startsWith(prefix)) return compareKeys(after, prefix) < 0 ? { atKey: prefix } : null;
  const commonPrefix = commonPrefixOf(after, prefix, delimiter);
  if (commonPrefix !== null) return atKeyAfter(commonPrefix);
  return after === '' ? { atKey: '' } : { afterKey: after };
}

interface ListedRow {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly last_modified_ms: number;
  readonly owner_id: string;
  readonly storage_class: string | null;
  readonly checksum_algorithm: ChecksumAlgorithm | null;
  readonly checksum_type: ChecksumType | null;
}

export function* listObjects(request: ListObjectsRequest): Statements<ListObjectsPage> {
  const { bucketId, limit } = request;
  const found = yield* listEntries<ListedRow>(
    request,
    listingStart(request, request.after),
    (position, end, count) => fetchObjects(bucketId, position, end, count),
  );
  const objects: ListedObject[] = [];
  const commonPrefixes: string[] = [];
  const entries = found.slice(0, limit);
  for (const entry of entries) {
    if ('row' in entry) objects.push(toListedObject(entry.row));
    else commonPrefixes.push(entry.commonPrefix);
  }
  const last = found.length > limit ? entries.at(-1) : undefined;
  const nextAfter = last ? ('row' in last ? last.row.key : last.commonPrefix) : null;
  return { objects, commonPrefixes, nextAfter };
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
    `SELECT key, size, etag, last_modified_ms, owner_id, storage_class, checksum_algorithm,
        checksum_type
      FROM objects WHERE bucket_id = ? AND key ${comparison} ? ${end === null ? '' : 'AND key < ?'}
      ORDER BY key, version_rank LIMIT ?`,
    end === null ? [bucketId, key, count] : [bucketId, key, end, count],
  );
}

function toListedObject(row: ListedRow): ListedObject {
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
