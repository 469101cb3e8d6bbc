import type { DamagePlace, DamageRepair } from '../damage.ts';
import { releaseFiles } from '../file-references.ts';
import { all, get, run, type Statements, type WriteContext } from '../statements.ts';
import { dropUpload } from '../upload-rows.ts';

/** Names that are tried for a bucket; another one would have to be there under all of them. */
const BUCKET_NAMES_MAX = 10;

/** A bucket for objects that are in none, under a name that nobody has. */
export function* makeBucket(
  { nowMs }: WriteContext,
  bucketId: number,
  { bucketName, ownerId }: Extract<DamageRepair, { readonly name: 'bucket' }>,
): Statements<boolean> {
  for (let attempt = 1; attempt <= BUCKET_NAMES_MAX; attempt += 1) {
    if (yield* get('SELECT 1 FROM buckets WHERE id = ?', [bucketId])) return false;
    const name = attempt === 1 ? bucketName : `${bucketName}-${attempt}`;
    const made = yield* run(
      `INSERT INTO buckets (id, name, owner_id, location_constraint, created_at_ms)
        VALUES (?, ?, ?, NULL, ?) ON CONFLICT (name) DO NOTHING`,
      [bucketId, name, ownerId, nowMs],
    );
    if (made > 0) return true;
  }
  return false;
}

export function* emptyText(
  { bucketId = 0, key = '', versionRank = 0, uploadId = '' }: DamagePlace,
  { table, column, text }: Extract<DamageRepair, { readonly name: 'description' }>,
): Statements<boolean> {
  const [where, values] =
    table === 'objects'
      ? ['version_rank = ?', [bucketId, key, versionRank]]
      : ['upload_id = ?', [bucketId, key, uploadId]];
  const changed = yield* run(
    `UPDATE ${table} SET ${column} = '{}'
      WHERE bucket_id = ? AND key = ? AND ${where} AND ${column} = ?`,
    [...values, text],
  );
  return changed > 0;
}

export function* correctPartCount(
  { bucketId = 0, key = '', versionRank = 0, objectId = 0 }: DamagePlace,
  { from, to }: Extract<DamageRepair, { readonly name: 'part-count' }>,
): Statements<boolean> {
  const changed = yield* run(
    `UPDATE objects SET part_count = ?
      WHERE bucket_id = ? AND key = ? AND version_rank = ? AND id = ? AND part_count = ?`,
    [to, bucketId, key, versionRank, objectId, from],
  );
  return changed > 0;
}

/** Of an object that did not exist; there will be none of that number either. */
export function* dropObjectRows(
  context: WriteContext,
  objectId: number,
  table: 'segments' | 'object_parts',
): Statements<boolean> {
  if (table === 'segments') return yield* dropSegments(context, objectId);
  return (yield* run('DELETE FROM object_parts WHERE object_id = ?', [objectId])) > 0;
}

export function* dropNeedlessSegments(
  context: WriteContext,
  place: DamagePlace,
): Statements<boolean> {
  if (!(yield* isObject(place, 'file_id IS NOT NULL'))) return false;
  return yield* dropSegments(context, place.objectId ?? 0);
}

export function* dropNeedlessParts(place: DamagePlace): Statements<boolean> {
  if (!(yield* isObject(place, 'part_count IS NULL'))) return false;
  return (yield* run('DELETE FROM object_parts WHERE object_id = ?', [place.objectId ?? 0])) > 0;
}

export function* dropDeadParts(context: WriteContext, uploadId: string): Statements<boolean> {
  const upload = yield* get('SELECT 1 FROM uploads WHERE upload_id = ?', [uploadId]);
  const part = yield* get('SELECT 1 FROM parts WHERE upload_id = ? LIMIT 1', [uploadId]);
  if (upload || !part) return false;
  yield* dropUpload(context, uploadId);
  return true;
}

/** Unless they are those of a part that consists of segments. */
export function* dropDeadPartSegments(
  context: WriteContext,
  { uploadId = '', partNumber = 0 }: DamagePlace,
): Statements<boolean> {
  const part = yield* get<{ file_id: string | null }>(
    'SELECT file_id FROM parts WHERE upload_id = ? AND part_number = ?',
    [uploadId, partNumber],
  );
  if (part && part.file_id === null) return false;
  const dropped = yield* all<{ file_id: string }>(
    'DELETE FROM part_segments WHERE upload_id = ? AND part_number = ? RETURNING file_id',
    [uploadId, partNumber],
  );
  return yield* release(context, dropped);
}

function* dropSegments(context: WriteContext, objectId: number): Statements<boolean> {
  const dropped = yield* all<{ file_id: string }>(
    'DELETE FROM segments WHERE object_id = ? RETURNING file_id',
    [objectId],
  );
  return yield* release(context, dropped);
}

function* release(
  context: WriteContext,
  dropped: readonly { readonly file_id: string }[],
): Statements<boolean> {
  yield* releaseFiles(
    context,
    dropped.map((row) => row.file_id),
  );
  return dropped.length > 0;
}

function* isObject(
  { bucketId = 0, key = '', versionRank = 0, objectId = 0 }: DamagePlace,
  condition: string,
): Statements<boolean> {
  const row = yield* get(
    `SELECT 1 FROM objects
      WHERE bucket_id = ? AND key = ? AND version_rank = ? AND id = ? AND ${condition}`,
    [bucketId, key, versionRank, objectId],
  );
  return row !== undefined;
}
