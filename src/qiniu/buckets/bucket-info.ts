import { isOpenToPublic } from '../../core/access/public-read.ts';
import type { Bucket } from '../../object-index/records.ts';
import { maxAgeSetting } from './kodo-settings.ts';

export interface BucketInfoFacts {
  /** What buckets without a region of their own are in: `z0`. */
  readonly regionName: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export function regionOf(
  { locationConstraint }: Pick<Bucket, 'locationConstraint'>,
  { regionName }: Pick<BucketInfoFacts, 'regionName'>,
): string {
  return locationConstraint ?? regionName;
}

/** `/v2/bucketInfo`; what the gateway does not do is said to be off. */
export function bucketInfo(bucket: Bucket, facts: BucketInfoFacts) {
  const region = regionOf(bucket, facts);
  return {
    source: '',
    host: '',
    protected: 0,
    private: isOpenToPublic(bucket, facts.nowMs) ? 0 : 1,
    no_index_page: 1,
    max_age: maxAgeSetting.of(bucket) ?? 0,
    separator: '',
    styles: {},
    anti_leech_mode: 0,
    token_anti_leech_mode: 0,
    refer_wl: [],
    refer_bl: [],
    source_enabled: false,
    allow_empty_referer: true,
    zone: region,
    region,
    remark: '',
    ctime: new Date(bucket.createdAtMs).toISOString(),
  };
}

/** A bucket in the list of version 4 of `/buckets`. */
export function listedBucket(bucket: Bucket, facts: BucketInfoFacts) {
  return {
    name: bucket.name,
    region: regionOf(bucket, facts),
    private: isOpenToPublic(bucket, facts.nowMs) === false,
    ctime: new Date(bucket.createdAtMs).toISOString(),
  };
}
