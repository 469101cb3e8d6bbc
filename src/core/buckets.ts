import type { Bucket, ListedBucket } from '../object-index/records.ts';
import { bucketAcl } from './access/acl.ts';
import { type NewBucketAccess, newBucketAccess } from './access/new-bucket.ts';
import { GatewayError } from './errors.ts';
import { checkBucketName } from './names.ts';
import type { Caller, CoreServices } from './services.ts';
import { bucketTagging, type Tags } from './tags.ts';

/** The default limit of buckets of an AWS account; also the largest page of ListBuckets. */
export const listedBucketsMax = 10_000;

/** Region names, and what other S3 systems take (`default:placement`, `eu-1.zone_a`). */
export const locationConstraintPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** The region in which AWS answers 200 when an owner creates its bucket again. */
const legacyRegion = 'us-east-1';

/** What CreateBucket may ask for besides a place. */
export interface NewBucketOptions extends Partial<NewBucketAccess> {
  readonly hasObjectLock?: boolean;
  readonly tags?: Tags | null;
}

/**
 * Creates a bucket of the caller. Throws `InvalidBucketName`, `InvalidLocationConstraint`,
 * `BucketAlreadyExists` when another user has it or the caller has it with another ACL, outside
 * us-east-1 or with tags or a lock `BucketAlreadyOwnedByYou` when the caller has it already, and what `newBucketAccess`
 * throws.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
export async function createBucket(
  core: CoreServices,
  caller: Caller,
  name: string,
  locationConstraint: string | null,
  { hasObjectLock = false, acl = null, objectOwnership = null, tags = null }: NewBucketOptions = {},
): Promise<Bucket> {
  checkBucketName(name);
  if (locationConstraint !== null && !locationConstraintPattern.test(locationConstraint)) {
    throw new GatewayError('InvalidLocationConstraint', { LocationConstraint: locationConstraint });
  }
  const settings = {
    ...(await newBucketAccess(core, caller.userId, { acl, objectOwnership })),
    ...(tags && bucketTagging.asSetting(tags)),
  };
  const { created, bucket } = await core.index.createBucket({
    name,
    ownerId: caller.userId,
    locationConstraint,
    createdAtMs: core.now(),
    // Object lock is about versions, and cannot be had without.
    ...(hasObjectLock && { hasObjectLock, versioning: 'Enabled' as const }),
    settings,
  });
  if (created) return bucket;
  if (bucket.ownerId !== caller.userId) {
    throw new GatewayError('BucketAlreadyExists', { BucketName: name });
  }
  // AWS would give the bucket the ACL of this request; whoever relies on the old one must not lose
  // or grant access by making sure that the bucket exists.
  if (settings[bucketAcl.name] !== bucket.settings[bucketAcl.name]) {
    throw new GatewayError('BucketAlreadyExists', { BucketName: name });
  }
  // Else it would look as if the bucket had got what it has not.
  const lacksAsked = (hasObjectLock && !bucket.hasObjectLock) || tags !== null;
  if (lacksAsked || core.settings.region !== legacyRegion) {
    throw new GatewayError('BucketAlreadyOwnedByYou', { BucketName: name });
  }
  return bucket;
}

/** Throws `BucketNotEmpty` while it has objects. Its unfinished uploads go with it. */
export async function deleteBucket(core: CoreServices, bucket: Bucket): Promise<void> {
  const outcome = await core.index.deleteBucket(bucket.id);
  if (outcome === 'not-empty') {
    throw new GatewayError('BucketNotEmpty', { BucketName: bucket.name });
  }
  if (outcome === 'no-such-bucket') {
    throw new GatewayError('NoSuchBucket', { BucketName: bucket.name });
  }
}

export interface BucketsPage {
  readonly buckets: readonly ListedBucket[];
  /** `after` of the next page; null when no more follow. */
  readonly nextAfter: string | null;
}

/** One page of the buckets that the caller may use, in order of name; `limit` is at least 1. */
export async function listBuckets(
  core: CoreServices,
  caller: Caller,
  request: { readonly prefix: string; readonly after: string; readonly limit: number },
): Promise<BucketsPage> {
  // One more than asked for tells whether another page follows.
  const found = await core.index.listBuckets({
    ownerId: caller.isRoot ? null : caller.userId,
    prefix: request.prefix,
    after: request.after,
    limit: request.limit + 1,
  });
  const buckets = found.slice(0, request.limit);
  const nextAfter = found.length > request.limit ? (buckets.at(-1)?.name ?? null) : null;
  return { buckets, nextAfter };
}
