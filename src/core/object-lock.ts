import type { Bucket, ObjectSubresources, Retention } from '../object-index/records.ts';
import { BucketSetting } from './bucket-settings.ts';
import { GatewayError } from './errors.ts';
import type { CoreServices } from './services.ts';

/** What a bucket's objects get when they are written without a retention of their own. */
export interface DefaultRetention {
  readonly mode: Retention['mode'];
  /** Whole and positive. */
  readonly period: { readonly days: number } | { readonly years: number };
}

/** Only where the bucket has object lock. */
export const defaultRetention = new BucketSetting<DefaultRetention>('objectLock');

const dayMs = 24 * 60 * 60 * 1000;

/**
 * Turns object lock on for good, and sets its default retention, none when null. Throws
 * `InvalidBucketState` while the bucket has no versions, and `NoSuchBucket`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
 */
export async function putObjectLock(
  { index }: Pick<CoreServices, 'index'>,
  bucket: Bucket,
  retention: DefaultRetention | null,
): Promise<void> {
  const text = retention && JSON.stringify(retention);
  switch (await index.setObjectLock(bucket.id, defaultRetention.name, text)) {
    case 'stored':
      return;
    case 'no-such-bucket':
      throw new GatewayError('NoSuchBucket', { BucketName: bucket.name });
    case 'not-versioned':
      throw new GatewayError('InvalidBucketState', {
        message: "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
      });
  }
}

/** Throws `InvalidRequest` unless the bucket has object lock. */
export function checkHasObjectLock(bucket: Bucket): void {
  if (bucket.hasObjectLock) return;
  throw new GatewayError('InvalidRequest', {
    message: 'Bucket is missing Object Lock Configuration',
  });
}

/** The retention of an object that is written at that time and brings none. */
export function retentionByDefault(bucket: Bucket, nowMs: number): Retention | null {
  const found = bucket.hasObjectLock ? defaultRetention.of(bucket) : null;
  if (!found) return null;
  const { mode, period } = found;
  if ('days' in period) return { mode, untilMs: nowMs + period.days * dayMs };
  const until = new Date(nowMs);
  until.setUTCFullYear(until.getUTCFullYear() + period.years);
  return { mode, untilMs: until.getTime() };
}

/** What an object written at that time has, with the bucket's retention unless it brings its own. */
export function withDefaultRetention(
  bucket: Bucket,
  subresources: Partial<ObjectSubresources> | undefined,
  nowMs: number,
): Partial<ObjectSubresources> {
  const retention = subresources?.retention ?? retentionByDefault(bucket, nowMs);
  return retention === null ? (subresources ?? {}) : { ...subresources, retention };
}
