import type { Damage } from '../damage.ts';
import { type CheckRun, scan } from './check-run.ts';

/** Buckets, users, keys and numbers: what other rows stand on. */
export function checkOwners(run: CheckRun): void {
  checkSequence(run);
  findLostBuckets(run);
  checkUsers(run);
  checkSettings(run);
}

/** Numbers of objects are never given out twice: rows of a dead object would come to a new one. */
function checkSequence(run: CheckRun): void {
  const { database } = run;
  const lastValue = database
    .prepare("SELECT last_value FROM sequences WHERE name = 'object_id'")
    .pluck()
    .get() as number | undefined;
  const largest = database
    .prepare(
      `SELECT MAX(COALESCE((SELECT MAX(id) FROM objects), 0),
        COALESCE((SELECT MAX(-version_rank) FROM objects), 0),
        COALESCE((SELECT MAX(object_id) FROM segments), 0),
        COALESCE((SELECT MAX(object_id) FROM object_parts), 0))`,
    )
    .pluck()
    .get() as number;
  run.advance(run.rowCounts.objects ?? 0);
  if (lastValue !== undefined && lastValue >= largest) return;
  run.found({
    kind: 'sequence-behind',
    severity: 'severe',
    place: {},
    problem: `The last number given to an object is ${lastValue ?? 'not recorded'}, the largest in use ${largest}: numbers would be given out twice.`,
    repair: { name: 'sequence', lastValueMin: largest },
  });
}

/** Buckets that objects and uploads are in, and that are not there. */
function findLostBuckets(run: CheckRun): void {
  const rootId = run.database
    .prepare('SELECT id FROM users WHERE is_root = 1 ORDER BY id LIMIT 1')
    .pluck()
    .get() as string | undefined;
  const lost = scan<readonly [number, number, number]>(
    run,
    `SELECT bucket_id, SUM(is_object), SUM(1 - is_object) FROM (
        SELECT bucket_id, 1 AS is_object FROM objects
          WHERE bucket_id NOT IN (SELECT id FROM buckets)
        UNION ALL SELECT bucket_id, 0 FROM uploads
          WHERE bucket_id NOT IN (SELECT id FROM buckets))
      GROUP BY bucket_id`,
  );
  for (const [bucketId, objectCount, uploadCount] of lost) {
    const bucketName = `recovered-bucket-${bucketId}`;
    run.found({
      kind: 'bucket-missing',
      severity: 'severe',
      place: { bucketId },
      problem: `${objectCount} objects and ${uploadCount} uploads are in a bucket that does not exist. Mended, they are in ${bucketName}.`,
      repair: rootId === undefined ? null : { name: 'bucket', bucketName, ownerId: rootId },
    });
  }
}

function checkUsers(run: CheckRun): void {
  const roots = run.database.prepare('SELECT COUNT(*) FROM users WHERE is_root = 1').pluck().get();
  const users = run.database.prepare('SELECT COUNT(*) FROM users').pluck().get() as number;
  if (roots !== 1 && users > 0) {
    const problem = `There are ${roots} root users. Without one, the next start of the gateway makes one; of two, keep the one that owns the buckets.`;
    tell(run, 'root-wrong', 'error', {}, problem);
  }
  const keys = scan<readonly [string, string]>(
    run,
    `SELECT access_key_id, user_id FROM access_keys
      WHERE user_id NOT IN (SELECT id FROM users) ORDER BY access_key_id`,
  );
  for (const [accessKeyId, userId] of keys) {
    const problem = `Access key ${accessKeyId} is of user ${userId}, who does not exist, and opens nothing. Remove it: fastdfs-s3 key remove ${accessKeyId}.`;
    tell(run, 'user-missing', 'warning', {}, problem);
  }
  const buckets = scan<readonly [number, string]>(
    run,
    'SELECT id, owner_id FROM buckets WHERE owner_id NOT IN (SELECT id FROM users) ORDER BY id',
  );
  for (const [bucketId, ownerId] of buckets) {
    const problem = `Its owner ${ownerId} does not exist: root alone can use it. Restore a backup, or copy its objects into a new bucket.`;
    tell(run, 'user-missing', 'error', { bucketId }, problem);
  }
}

function checkSettings(run: CheckRun): void {
  const rows = scan<readonly [number, string]>(
    run,
    `SELECT bucket_id, GROUP_CONCAT(name, ', ') FROM bucket_settings
      WHERE bucket_id NOT IN (SELECT id FROM buckets)
        AND NOT EXISTS (SELECT 1 FROM objects WHERE objects.bucket_id = bucket_settings.bucket_id)
      GROUP BY bucket_id`,
  );
  for (const [bucketId, names] of rows) {
    run.found({
      kind: 'dead-rows',
      severity: 'warning',
      place: { bucketId },
      problem: `There are settings (${names}) of a bucket that does not exist.`,
      repair: { name: 'dead-settings' },
    });
  }
}

function tell(
  run: CheckRun,
  kind: string,
  severity: Damage['severity'],
  place: Damage['place'],
  problem: string,
): void {
  run.found({ kind, severity, place, problem, repair: null });
}
