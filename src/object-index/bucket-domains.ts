import { bucketExists, findBucket } from './buckets.ts';
import type { Bucket, BucketDomain } from './records.ts';
import { all, get, run, type Statements, type WriteContext } from './statements.ts';
import type { PutBucketDomainOutcome } from './write-requests.ts';

/** A domain that the bucket has already is stored as well. */
export function* putBucketDomain(
  { nowMs }: WriteContext,
  bucketId: number,
  domain: string,
): Statements<PutBucketDomainOutcome> {
  if (!(yield* bucketExists(bucketId))) return { outcome: 'no-such-bucket' };
  yield* run(
    `INSERT INTO bucket_domains (domain, bucket_id, created_at_ms) VALUES (?, ?, ?)
      ON CONFLICT (domain) DO NOTHING`,
    [domain, bucketId, nowMs],
  );
  const holder = yield* findBucketByDomain(domain);
  if (holder && holder.id !== bucketId) return { outcome: 'taken', bucketName: holder.name };
  return { outcome: 'stored' };
}

/** False when the bucket does not have it. */
export function* removeBucketDomain(
  _context: WriteContext,
  bucketId: number,
  domain: string,
): Statements<boolean> {
  const removed = yield* run('DELETE FROM bucket_domains WHERE domain = ? AND bucket_id = ?', [
    domain,
    bucketId,
  ]);
  return removed === 1;
}

export function* findBucketByDomain(domain: string): Statements<Bucket | null> {
  const found = yield* get<{ readonly name: string }>(
    `SELECT b.name FROM bucket_domains d JOIN buckets b ON b.id = d.bucket_id
      WHERE d.domain = ?`,
    [domain],
  );
  return found ? yield* findBucket(found.name) : null;
}

export function* listBucketDomains(bucketId: number): Statements<readonly BucketDomain[]> {
  const rows = yield* all<{ readonly domain: string; readonly created_at_ms: number }>(
    'SELECT domain, created_at_ms FROM bucket_domains WHERE bucket_id = ? ORDER BY domain',
    [bucketId],
  );
  return rows.map(({ domain, created_at_ms }) => ({ domain, createdAtMs: created_at_ms }));
}
