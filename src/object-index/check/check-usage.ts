import type { Usage } from '../write-requests.ts';
import { type CheckRun, scan } from './check-run.ts';

type UsageColumns = readonly [objectCount: number, sizeBytes: number];

/**
 * Compares what is recorded that buckets and users take with what `taken` counted of the objects of
 * each bucket. A bucket that takes nothing, or is not there, needs no entry.
 */
export function checkUsage(run: CheckRun, taken: ReadonlyMap<number, Usage>): void {
  const byOwner = new Map<string, Usage>();
  const buckets = scan<readonly [number, string, ...UsageColumns]>(
    run,
    `SELECT id, owner_id, COALESCE(SUM(object_count), 0), COALESCE(SUM(size_bytes), 0)
      FROM buckets LEFT JOIN bucket_usage ON bucket_id = id GROUP BY id`,
  );
  for (const [bucketId, ownerId, ...recorded] of buckets) {
    const actual = taken.get(bucketId) ?? nothing;
    byOwner.set(ownerId, sumOf(byOwner.get(ownerId) ?? nothing, actual));
    const off = differenceOf(actual, recorded);
    if (off === null) continue;
    run.found({
      kind: 'usage-wrong',
      severity: 'warning',
      place: { bucketId },
      problem: describe(recorded, actual),
      repair: { name: 'bucket-usage', ...off },
    });
  }
  const users = scan<readonly [string, string, ...UsageColumns]>(
    run,
    `SELECT id, name, COALESCE(SUM(object_count), 0), COALESCE(SUM(size_bytes), 0)
      FROM users LEFT JOIN user_usage ON user_id = id GROUP BY id`,
  );
  for (const [userId, name, ...recorded] of users) {
    const actual = byOwner.get(userId) ?? nothing;
    const off = differenceOf(actual, recorded);
    if (off === null) continue;
    run.found({
      kind: 'usage-wrong',
      severity: 'warning',
      place: {},
      problem: `Of user ${name}: ${describe(recorded, actual)}`,
      repair: { name: 'user-usage', userId, ...off },
    });
  }
}

const nothing: Usage = { objectCount: 0, sizeBytes: 0 };

function sumOf(one: Usage, other: Usage): Usage {
  return {
    objectCount: one.objectCount + other.objectCount,
    sizeBytes: one.sizeBytes + other.sizeBytes,
  };
}

/** What has to be added to what is recorded; null for nothing. */
function differenceOf(actual: Usage, [objectCount, sizeBytes]: UsageColumns): Usage | null {
  const off = sumOf(actual, { objectCount: -objectCount, sizeBytes: -sizeBytes });
  return off.objectCount === 0 && off.sizeBytes === 0 ? null : off;
}

function describe([objectCount, sizeBytes]: UsageColumns, actual: Usage): string {
  return (
    `${objectCount} objects of ${sizeBytes} bytes are counted, and there are ` +
    `${actual.objectCount} of ${actual.sizeBytes}: quotas are held to the former.`
  );
}
