import { firstKeyAfterPrefix } from './key-order.ts';
import type { Bucket } from './records.ts';
import { all, get, run, type SqlValue, type Statements, type WriteContext } from './statements.ts';
import { dropUpload } from './upload-rows.ts';

interface BucketRow {
  readonly id: number;
  readonly name: string;
  readonly owner_id: string;
  readonly location_constraint: string | null;
  readonly created_at_ms: number;
}

const bucketColumns = 'id, name, owner_id, location_constraint, created_at_ms';

export function* createBucket(
  _context: WriteContext,
  bucket: Omit<Bucket, 'id'>,
): Statements<{ created: boolean; bucket: Bucket }> {
  const inserted = yield* get<BucketRow>(
    `INSERT INTO buckets (name, owner_id, location_constraint, created_at_ms)
      VALUES (?, ?, ?, ?) ON CONFLICT (name) DO NOTHING RETURNING ${bucketColumns}`,
    [bucket.name, bucket.ownerId, bucket.locationConstraint, bucket.createdAtMs],
  );
  if (inserted) return { created: true, bucket: toBucket(inserted) };
  const existing = yield* findBucket(bucket.name);
  if (!existing) throw new Error(`bucket ${bucket.name} neither inserted nor there`);
  return { created: false, bucket: existing };
}

export function* findBucket(name: string): Statements<Bucket | null> {
  const row = yield* get<BucketRow>(`SELECT ${bucketColumns} FROM buckets WHERE name = ?`, [name]);
  return row ? toBucket(row) : null;
}

export function* bucketExists(bucketId: number): Statements<boolean> {
  return (yield* get('SELECT 1 FROM buckets WHERE id = ?', [bucketId])) !== undefined;
}

export function* listBuckets(request: {
  readonly ownerId: string | null;
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}): Statements<readonly Bucket[]> {
  const end = firstKeyAfterPrefix(request.prefix);
  const values: SqlValue[] = [request.prefix, request.after];
  if (end !== null) values.push(end);
  if (request.ownerId !== null) values.unshift(request.ownerId);
  const rows = yield* all<BucketRow>(
    `SELECT ${bucketColumns} FROM buckets
      WHERE ${request.ownerId === null ? '' : 'owner_id = ? AND'} name >= ? AND name > ?
        ${end === null ? '' : 'AND name < ?'} ORDER BY name LIMIT ?`,
    [...values, request.limit],
  );
  return rows.map(toBucket);
}

export function* deleteBucket(
  context: WriteContext,
  bucketId: number,
): Statements<'deleted' | 'not-empty' | 'no-such-bucket'> {
  if (!(yield* bucketExists(bucketId))) return 'no-such-bucket';
  if (yield* get('SELECT 1 FROM objects WHERE bucket_id = ? LIMIT 1', [bucketId])) {
    return 'not-empty';
  }
  const uploads = yield* all<{ upload_id: string }>(
    'SELECT upload_id FROM uploads WHERE bucket_id = ?',
    [bucketId],
  );
  for (const upload of uploads) yield* dropUpload(context, upload.upload_id);
  yield* run('DELETE FROM bucket_settings WHERE bucket_id = ?', [bucketId]);
  yield* run('DELETE FROM buckets WHERE id = ?', [bucketId]);
  return 'deleted';
}

function toBucket(row: BucketRow): Bucket {
  return {
    id: row.id,
    name: row.name,
    ownerId: row.owner_id,
    locationConstraint: row.location_constraint,
    createdAtMs: row.created_at_ms,
  };
}
