import { findBucketState } from './bucket-state.ts';
import { firstKeyAfterPrefix } from './key-order.ts';
import type { Bucket, ListedBucket, NewBucket, VersioningState } from './records.ts';
import { all, get, run, type SqlValue, type Statements, type WriteContext } from './statements.ts';
import { dropUpload } from './upload-rows.ts';
import type { SetObjectLockOutcome, SetVersioningOutcome } from './write-requests.ts';

interface BucketRow {
  readonly id: number;
  readonly name: string;
  readonly owner_id: string;
  readonly location_constraint: string | null;
  readonly created_at_ms: number;
  readonly versioning: VersioningState;
  readonly has_object_lock: number;
  readonly quota_bytes: number | null;
  readonly quota_objects: number | null;
}

const bucketColumns = `id, name, owner_id, location_constraint, created_at_ms, versioning,
  has_object_lock, quota_bytes, quota_objects`;

export function* createBucket(
  context: WriteContext,
  bucket: NewBucket,
): Statements<{ created: boolean; bucket: Bucket }> {
  const inserted = yield* get<{ readonly id: number }>(
    `INSERT INTO buckets (name, owner_id, location_constraint, created_at_ms, versioning,
        has_object_lock)
      VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO NOTHING RETURNING id`,
    [
      bucket.name,
      bucket.ownerId,
      bucket.locationConstraint,
      bucket.createdAtMs,
      bucket.versioning ?? null,
      bucket.hasObjectLock ? 1 : 0,
    ],
  );
  if (inserted) {
    for (const [name, value] of Object.entries(bucket.settings ?? {})) {
      yield* writeSetting(context, inserted.id, name, value);
    }
  }
  const existing = yield* findBucket(bucket.name);
  if (!existing) throw new Error(`bucket ${bucket.name} neither inserted nor there`);
  return { created: inserted !== undefined, bucket: existing };
}

export function* findBucket(name: string): Statements<Bucket | null> {
  const row = yield* get<BucketRow & { readonly is_quota_bound: number }>(
    `SELECT ${bucketColumns},
        CASE WHEN COALESCE(quota_bytes, quota_objects) IS NOT NULL OR EXISTS (
            SELECT 1 FROM users u WHERE u.id = owner_id
              AND COALESCE(u.quota_bytes, u.quota_objects) IS NOT NULL) THEN 1 ELSE 0 END
          AS is_quota_bound
      FROM buckets WHERE name = ?`,
    [name],
  );
  if (!row) return null;
  const settings = yield* readSettings(row.id);
  return { ...toListedBucket(row), isQuotaBound: row.is_quota_bound === 1, settings };
}

export function* findBucketById(bucketId: number): Statements<Bucket | null> {
  const row = yield* get<{ readonly name: string }>('SELECT name FROM buckets WHERE id = ?', [
    bucketId,
  ]);
  return row ? yield* findBucket(row.name) : null;
}

function* readSettings(bucketId: number): Statements<Readonly<Record<string, string>>> {
  const rows = yield* all<{ readonly name: string; readonly value: string }>(
    'SELECT name, value FROM bucket_settings WHERE bucket_id = ?',
    [bucketId],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

/** Null removes the setting. */
export function* setBucketSetting(
  context: WriteContext,
  bucketId: number,
  name: string,
  value: string | null,
): Statements<'stored' | 'no-such-bucket'> {
  if (!(yield* bucketExists(bucketId))) return 'no-such-bucket';
  if (value === null) {
    yield* run('DELETE FROM bucket_settings WHERE bucket_id = ? AND name = ?', [bucketId, name]);
  } else yield* writeSetting(context, bucketId, name, value);
  return 'stored';
}

function* writeSetting(
  { nowMs }: WriteContext,
  bucketId: number,
  name: string,
  value: string,
): Statements<void> {
  yield* run(
    `INSERT INTO bucket_settings (bucket_id, name, value, updated_at_ms) VALUES (?, ?, ?, ?)
      ON CONFLICT (bucket_id, name) DO UPDATE
        SET value = excluded.value, updated_at_ms = excluded.updated_at_ms`,
    [bucketId, name, value, nowMs],
  );
}

export function* bucketExists(bucketId: number): Statements<boolean> {
  return (yield* findBucketState(bucketId)) !== null;
}

export function* setObjectLock(
  context: WriteContext,
  bucketId: number,
  name: string,
  value: string | null,
): Statements<SetObjectLockOutcome> {
  const bucket = yield* findBucketState(bucketId);
  if (!bucket) return 'no-such-bucket';
  if (bucket.versioning !== 'Enabled') return 'not-versioned';
  yield* run('UPDATE buckets SET has_object_lock = 1 WHERE id = ?', [bucketId]);
  yield* setBucketSetting(context, bucketId, name, value);
  return 'stored';
}

export function* setBucketVersioning(
  _context: WriteContext,
  bucketId: number,
  versioning: Exclude<VersioningState, null>,
): Statements<SetVersioningOutcome> {
  const bucket = yield* findBucketState(bucketId);
  if (!bucket) return 'no-such-bucket';
  if (bucket.hasObjectLock && versioning !== 'Enabled') return 'has-object-lock';
  yield* run('UPDATE buckets SET versioning = ? WHERE id = ?', [versioning, bucketId]);
  return 'stored';
}

export function* listBuckets(request: {
  readonly ownerId: string | null;
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}): Statements<readonly ListedBucket[]> {
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
  return rows.map(toListedBucket);
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
  yield* run('DELETE FROM bucket_usage WHERE bucket_id = ?', [bucketId]);
  yield* run('DELETE FROM bucket_settings WHERE bucket_id = ?', [bucketId]);
  yield* run('DELETE FROM bucket_domains WHERE bucket_id = ?', [bucketId]);
  yield* run('DELETE FROM buckets WHERE id = ?', [bucketId]);
  return 'deleted';
}

function toListedBucket(row: BucketRow): ListedBucket {
  return {
    id: row.id,
    name: row.name,
    ownerId: row.owner_id,
    locationConstraint: row.location_constraint,
    createdAtMs: row.created_at_ms,
    versioning: row.versioning,
    hasObjectLock: row.has_object_lock === 1,
    quota: { sizeBytes: row.quota_bytes, objectCount: row.quota_objects },
  };
}
