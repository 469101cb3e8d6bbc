import type { Damage, DamagePlace } from '../damage.ts';
import { NULL_VERSION_ID } from '../version-ids.ts';
import type { Usage } from '../write-requests.ts';
import { type CheckRun, scan } from './check-run.ts';
import { describeTexts } from './check-texts.ts';

/** MD5, that of a multipart object, and what core gives an object that was imported unread. */
const ETAG = /^(?:[0-9a-f]{32}(?:-(?:0|[1-9][0-9]*))?|(?:f-)?[0-9a-f]{8}-[0-9]+-fdfs)$/;
const VERSION_ID = /^[A-Za-z0-9._-]{32}$/;
export const KEY_SIZE_BYTES_MAX = 1024;

type ObjectColumns = readonly [
  bucketId: number,
  key: string,
  versionRank: number,
  id: number,
  versionId: string | null,
  isDeleteMarker: number,
  size: number,
  etag: string,
  checksumColumns: number,
  fileId: string | null,
  headers: string,
  userMetadata: string,
];

/**
 * Each row of `objects` by itself, and the order of the versions of each key. Gives what the objects
 * of each bucket take.
 */
export function checkObjects(run: CheckRun): ReadonlyMap<number, Usage> {
  const taken = new Map<number, { -readonly [Name in keyof Usage]: Usage[Name] }>();
  const rows = scan<ObjectColumns>(
    run,
    `SELECT bucket_id, key, version_rank, id, version_id, is_delete_marker, size, etag,
        (checksum_algorithm IS NOT NULL) + (checksum_type IS NOT NULL)
          + (checksum_value IS NOT NULL), file_id, headers, user_metadata
      FROM objects ORDER BY bucket_id, key, version_rank`,
  );
  let before: ObjectColumns | null = null;
  let hasNullVersion = false;
  for (const row of rows) {
    const isSameKey = before !== null && before[0] === row[0] && before[1] === row[1];
    if (!isSameKey) hasNullVersion = false;
    checkRow(run, row);
    checkVersion(run, row, hasNullVersion);
    if (isSameKey && before?.[4] === null) tellBelowNull(run, row);
    hasNullVersion ||= isNullVersion(row);
    before = row;
    const [bucketId, , , , , isMarker, size] = row;
    if (isMarker !== 0) continue;
    const usage = taken.get(bucketId) ?? { objectCount: 0, sizeBytes: 0 };
    usage.objectCount += 1;
    usage.sizeBytes += size;
    taken.set(bucketId, usage);
  }
  return taken;
}

function isNullVersion([, , , , versionId]: ObjectColumns): boolean {
  return versionId === null || versionId === NULL_VERSION_ID;
}

function checkRow(run: CheckRun, row: ObjectColumns): void {
  const [bucketId, key, versionRank, objectId, , isMarker, size, etag, checksumColumns] = row;
  const place = { bucketId, key, versionRank, objectId };
  const tell = teller(run, place);
  if (size < 0) {
    tell('size-wrong', 'error', `Its size is ${size}. Upload it again, or restore a backup.`);
  }
  if (isMarker === 0 && !ETAG.test(etag)) {
    tell('etag-malformed', 'warning', `Its ETag ${quote(etag)} is none. Copy it onto itself.`);
  }
  if (checksumColumns !== 0 && checksumColumns !== 3) {
    tell('checksum-incomplete', 'warning', 'Its checksum is not complete and is not given out.');
  }
  if (versionRank !== -objectId) {
    const problem = `Its version rank is ${versionRank}, its number ${objectId}: another version of the key may be taken for the newest.`;
    tell('version-order', 'warning', problem);
  }
  const keySize = Buffer.byteLength(key);
  // An empty one is named by Kodo's API alone.
  if (keySize > KEY_SIZE_BYTES_MAX) {
    tell('key-malformed', 'error', `Its key has ${keySize} bytes, so that no request can name it.`);
  }
  checkFile(run, row, place);
  describeTexts(run, 'objects', place, { headers: row[10], user_metadata: row[11] });
}

function checkFile(run: CheckRun, row: ObjectColumns, place: DamagePlace): void {
  const [, , , , , isMarker, size, , , fileId] = row;
  if (fileId === null) return;
  const tell = teller(run, { ...place, fileId });
  if (isMarker !== 0 || size === 0) {
    const what = isMarker !== 0 ? 'a delete marker' : 'empty';
    tell('file-of-nothing', 'error', `It is ${what} and has the file ${fileId}.`);
    return;
  }
  const file = run.readFileId(fileId);
  if (file === null) {
    const problem = `${quote(fileId)} is no file ID, so that the object cannot be read. Restore a backup, or upload it again.`;
    tell('file-id-malformed', 'severe', problem);
  } else if (file.size !== null && file.size !== size) {
    const problem = `Its size is ${size}, that of its file ${fileId} ${file.size}. Restore a backup, or upload it again.`;
    tell('file-size-differs', 'severe', problem);
  }
}

/** A key has one null version at most, and a delete marker says nothing but that it is there. */
function checkVersion(run: CheckRun, row: ObjectColumns, hasNullVersion: boolean): void {
  const [bucketId, key, versionRank, objectId, versionId, isMarker, size] = row;
  const tell = teller(run, { bucketId, key, versionRank, objectId });
  if (hasNullVersion && isNullVersion(row)) {
    const problem =
      'It is a null version below another one of its key, which no request finds. Delete the versions of the key when they are not needed.';
    tell('null-version-twice', 'warning', problem);
  }
  if (versionId !== null && versionId !== NULL_VERSION_ID && !VERSION_ID.test(versionId)) {
    tell(
      'version-id-malformed',
      'error',
      `No request can name its version id ${quote(versionId)}.`,
    );
  }
  if (isMarker === 0) return;
  if (size !== 0) {
    tell('marker-with-content', 'error', `It is a delete marker and has a size of ${size} bytes.`);
  }
  if (versionId === null) {
    const problem = 'It is a delete marker without a version id, which only versioning can write.';
    tell('marker-without-id', 'warning', problem);
  }
}

/**
 * The current object is the first row of its key. A null version without an id is written where
 * nothing older is below it (see migration 0004).
 */
function tellBelowNull(run: CheckRun, row: ObjectColumns): void {
  const [bucketId, key, versionRank, objectId] = row;
  const problem =
    'An older version lies below a null version that has no version ID. The newer one is served; ' +
    'the older one is found by nothing and keeps its files. Delete the key when it is not needed.';
  teller(run, { bucketId, key, versionRank, objectId })('version-order', 'warning', problem);
}

function teller(run: CheckRun, place: DamagePlace) {
  return (kind: string, severity: Damage['severity'], problem: string): void =>
    run.found({ kind, severity, place, problem, repair: null });
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
