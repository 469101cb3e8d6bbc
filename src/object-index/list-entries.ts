import { commonPrefixOf, compareKeys, firstKeyAfterPrefix } from './key-order.ts';
import type { Statements } from './statements.ts';

/** Where a listing goes on: at a key, behind all rows of a key, or behind one row. */
export type ListingPosition<Marker> =
  | { readonly atKey: string }
  | { readonly afterKey: string }
  | { readonly afterRow: Marker };

type ListingEntry<Row> =
  | { readonly row: Row }
  /** Stands for every key that starts with it. */
  | { readonly commonPrefix: string };

export interface ListingSource<Row, Marker> {
  /** Rows from `position` on, in order, that sort before the key `end`; null is no end. */
  fetch(position: ListingPosition<Marker>, end: string | null, count: number): Statements<Row[]>;
  /**
   * - `listed`: an entry, or part of one.
   * - `hidden`: no entry; the row behind it has to be looked at.
   * - `passed`: no entry; a seek to the next key would have skipped it.
   */
  roleOf(row: Row, previous: Row | undefined): 'listed' | 'hidden' | 'passed';
  /** Hidden rows would make a page as slow as there are many: it ends after about so many. */
  readonly rowsReadMax: number;
}

export interface Listing<Row> {
  /** Up to `limit`, and one more if there is one, which tells that the page is truncated. */
  readonly entries: readonly ListingEntry<Row>[];
  /** The last row that was looked at when there were too many; null at the limit or the end. */
  readonly stoppedAfter: Row | null;
}

const ROWS_PER_BATCH_MIN = 2;
const ROWS_PER_BATCH_FIRST = 32;
const ROWS_PER_BATCH_MAX = 1001;
/** A seek takes as long as reading about so many rows. */
const ROWS_PER_SEEK = 6;

/**
 * Lists entries. Behind each common prefix it seeks to the first key that is not part of it, so a
 * page costs what it returns. Batches grow while their rows are used and shrink when nearly all of
 * them could have been skipped by a seek.
 */
export function* listEntries<Row extends Marker, Marker extends { readonly key: string } = Row>(
  request: { readonly prefix: string; readonly delimiter: string; readonly limit: number },
  start: ListingPosition<Marker> | null,
  source: ListingSource<Row, Marker>,
): Statements<Listing<Row>> {
  const { prefix, delimiter, limit } = request;
  const entries: ListingEntry<Row>[] = [];
  const end = firstKeyAfterPrefix(prefix);
  let position: ListingPosition<Marker> | null = limit === 0 ? null : start;
  let batchSize = delimiter === '' ? limit + 1 : Math.min(limit + 1, ROWS_PER_BATCH_FIRST);
  let rowsRead = 0;
  while (position !== null) {
    const rows: Row[] = yield* source.fetch(position, end, batchSize);
    rowsRead += rows.length;
    const batch = takeEntries(rows, request, source, entries);
    if (entries.length > limit) break;
    position = rows.length < batchSize ? null : positionAfter(batch.commonPrefix, rows);
    // Behind a common prefix there was something to list: that does not go on for long.
    const stoppedAfter = position !== null && batch.commonPrefix === null ? rows.at(-1) : undefined;
    if (stoppedAfter && rowsRead >= source.rowsReadMax) return { entries, stoppedAfter };
    const usedCount = rows.length - batch.passedCount;
    batchSize =
      batch.passedCount < usedCount * ROWS_PER_SEEK
        ? nextBatchSize(batchSize, batch.hiddenCount, limit + 1 - entries.length)
        : Math.max(ROWS_PER_BATCH_MIN, usedCount);
  }
  return { entries, stoppedAfter: null };
}

/** Adds the entries that these rows make, up to one more than the limit. */
function takeEntries<Row extends { readonly key: string }>(
  rows: readonly Row[],
  { prefix, delimiter, limit }: Parameters<typeof listEntries>[0],
  source: Pick<ListingSource<Row, never>, 'roleOf'>,
  entries: ListingEntry<Row>[],
): { commonPrefix: string | null; passedCount: number; hiddenCount: number } {
  /** The one that the last row is part of. */
  let commonPrefix: string | null = null;
  let passedCount = 0;
  let hiddenCount = 0;
  let previous: Row | undefined;
  for (const row of rows) {
    const role = source.roleOf(row, previous);
    previous = row;
    if (role === 'passed' || (commonPrefix !== null && row.key.startsWith(commonPrefix))) {
      passedCount += 1;
      continue;
    }
    commonPrefix = null;
    if (role === 'hidden') {
      hiddenCount += 1;
      continue;
    }
    commonPrefix = commonPrefixOf(row.key, prefix, delimiter);
    entries.push(commonPrefix === null ? { row } : { commonPrefix });
    if (entries.length > limit) break;
  }
  return { commonPrefix, passedCount, hiddenCount };
}

/** No more rows than may be wanted, unless many of them are hidden. */
function nextBatchSize(batchSize: number, hiddenCount: number, wanted: number): number {
  const next = Math.min(batchSize * 2, ROWS_PER_BATCH_MAX);
  return hiddenCount > 0 ? next : Math.min(next, wanted);
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
  // The empty key is Kodo's: listings of S3 begin behind it.
  return commonPrefix === null ? { afterKey: after } : atKeyAfter(commonPrefix);
}
