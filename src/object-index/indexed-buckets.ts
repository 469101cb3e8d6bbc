import type {
  Bucket,
  BucketDomain,
  ListedBucket,
  NewBucket,
  Quota,
  VersioningState,
} from './records.ts';
import type {
  Growth,
  PutBucketDomainOutcome,
  QuotaExceeded,
  QuotaHolder,
  SetObjectLockOutcome,
  SetVersioningOutcome,
  Usage,
} from './write-requests.ts';

/** Buckets, with their settings, domains, quotas and usage. Part of `ObjectIndex`, whose promises hold. */
export interface IndexedBuckets {
  createBucket(bucket: NewBucket): Promise<{ created: boolean; bucket: Bucket }>;
  findBucket(name: string): Promise<Bucket | null>;
  findBucketById(bucketId: number): Promise<Bucket | null>;
  /** In order of name; only names after `after`, those of `ownerId` or all when null. */
  listBuckets(request: {
    readonly ownerId: string | null;
    readonly prefix: string;
    readonly after: string;
    readonly limit: number;
  }): Promise<readonly ListedBucket[]>;
  /** Null removes it. */
  setBucketSetting(
    bucketId: number,
    name: string,
    value: string | null,
  ): Promise<'stored' | 'no-such-bucket'>;
  /** False when the bucket or user does not exist. What is used already may be more. */
  setQuota(holder: QuotaHolder, quota: Quota): Promise<boolean>;
  /** The quota, of the bucket or its owner, that such a write would exceed now; null for none. */
  findRefusedGrowth(bucketId: number, growth: Growth): Promise<QuotaExceeded | null>;
  /** What its versions take, exactly; costs no scan. */
  findBucketUsage(bucketId: number): Promise<Usage>;
  /** Of all buckets that the user owns together. */
  findUserUsage(userId: string): Promise<Usage>;
  /** Null for a user that does not exist. */
  findUserQuota(userId: string): Promise<Quota | null>;
  /**
   * Turns object lock on, for good, and sets or removes (null) a setting of that name with it.
   */
  setObjectLock(
    bucketId: number,
    name: string,
    value: string | null,
  ): Promise<SetObjectLockOutcome>;
  /** Never back to null. Refused to suspend a bucket with object lock. */
  setBucketVersioning(
    bucketId: number,
    versioning: Exclude<VersioningState, null>,
  ): Promise<SetVersioningOutcome>;
  /**
   * Downloads at that host name, which is in lower case and without port, are of this bucket from
   * now on; a name belongs to one bucket.
   */
  putBucketDomain(bucketId: number, domain: string): Promise<PutBucketDomainOutcome>;
  /** False when the bucket does not have it. */
  removeBucketDomain(bucketId: number, domain: string): Promise<boolean>;
  findBucketByDomain(domain: string): Promise<Bucket | null>;
  /** In order of name. */
  listBucketDomains(bucketId: number): Promise<readonly BucketDomain[]>;
  /**
   * Also drops the bucket's settings, domains and unfinished uploads; `not-empty` while it has versions or
   * delete markers.
   */
  deleteBucket(bucketId: number): Promise<'deleted' | 'not-empty' | 'no-such-bucket'>;
}
