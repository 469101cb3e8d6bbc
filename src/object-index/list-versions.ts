import { type Listing, type ListingPosition, listEntries, listingStart } from './list-entries.ts';
import { type ListedRow, listedColumns, toListedObject } from './list-keys.ts';
import type { ListedVersion, ListVersionsPage, ListVersionsRequest } from './listing-requests.ts';
import { all, get, type SqlValue, type Statements } from './statements.ts';
import { NULL_VERSION_ID, objectIdOfVersion } from './version-ids.ts';
import { findVersionRow } from './versions.ts';

interface VersionMarker {
  readonly key: string;
  readonly version_rank: number;
}

interface VersionRow extends ListedRow, VersionMarker {
  readonly version_id: string | null;
}

/** Lists every row: the versions of each key, delete markers too, newest first. */
export function* listVersions(request: ListVersionsRequest): Statements<ListVersionsPage> {
  const { bucketId, limit } = request;
  const start = yield* versionsStart(request);
  const listing = yield* listEntries<VersionRow, VersionMarker>(request, start, {
    fetch: (position, end, count) => fetchVersions(bucketId, position, end, count),
    roleOf: () => 'listed',
    rowsReadMax: Number.POSITIVE_INFINITY,
  });
  const entries = listing.entries.slice(0, limit);
  const isContinued = yield* startsBelowNewer(bucketId, start, listing);
  const versions: ListedVersion[] = [];
  const commonPrefixes: string[] = [];
  let keyBefore = isContinued ? request.keyMarker : null;
  for (const entry of entries) {
    if ('row' in entry) {
      const { row } = entry;
      versions.push(toListedVersion(row, row.key !== keyBefore));
      keyBefore = row.key;
    } else commonPrefixes.push(entry.commonPrefix);
  }
  const last = listing.entries.length > limit ? entries.at(-1) : undefined;
  if (!last) return { versions, commonPrefixes, next: null };
  const next =
    'row' in last
      ? { keyMarker: last.row.key, versionIdMarker: last.row.version_id ?? NULL_VERSION_ID }
      : { keyMarker: last.commonPrefix, versionIdMarker: '' };
  return { versions, commonPrefixes, next };
}

/** With a version id marker, the marker's own key is listed on below that version. */
function* versionsStart(
  request: ListVersionsRequest,
): Statements<ListingPosition<VersionMarker> | null> {
  const { keyMarker, versionIdMarker } = request;
  const start = listingStart(request, keyMarker);
  if (start === null || 'atKey' in start || versionIdMarker === '') return start;
  const row = yield* findVersionRow(request.bucketId, keyMarker, versionIdMarker);
  if (row) return { afterRow: row };
  // Clients delete what a page told them before they ask for the next one.
  const objectId = objectIdOfVersion(versionIdMarker);
  if (objectId !== null) return { afterRow: { key: keyMarker, version_rank: -objectId } };
  // Nobody knows where a null version was that is gone: rather tell of versions twice.
  return { atKey: keyMarker };
}

/** Whether the first row that was found has newer versions of its key above it. */
function* startsBelowNewer(
  bucketId: number,
  start: ListingPosition<VersionMarker> | null,
  { entries: [first] }: Listing<VersionRow>,
): Statements<boolean> {
  if (start === null || !('afterRow' in start) || !first || !('row' in first)) return false;
  const { key, version_rank } = first.row;
  if (key !== start.afterRow.key) return false;
  const newer = yield* get(
    'SELECT 1 FROM objects WHERE bucket_id = ? AND key = ? AND version_rank < ? LIMIT 1',
    [bucketId, key, version_rank],
  );
  return newer !== undefined;
}

function* fetchVersions(
  bucketId: number,
  position: ListingPosition<VersionMarker>,
  end: string | null,
  count: number,
): Statements<VersionRow[]> {
  const [after, values]: [string, SqlValue[]] =
    'atKey' in position
      ? ['key >= ?', [position.atKey]]
      : 'afterKey' in position
        ? ['key > ?', [position.afterKey]]
        : ['(key, version_rank) > (?, ?)', [position.afterRow.key, position.afterRow.version_rank]];
  if (end !== null) values.push(end);
  return yield* all<VersionRow>(
    `SELECT ${listedColumns}, version_id, version_rank FROM objects
      WHERE bucket_id = ? AND ${after} ${end === null ? '' : 'AND key < ?'}
      ORDER BY key, version_rank LIMIT ?`,
    [bucketId, ...values, count],
  );
}

function toListedVersion(row: VersionRow, isLatest: boolean): ListedVersion {
  return {
    ...toListedObject(row),
    versionId: row.version_id ?? NULL_VERSION_ID,
    isDeleteMarker: row.is_delete_marker === 1,
    isLatest,
  };
}
