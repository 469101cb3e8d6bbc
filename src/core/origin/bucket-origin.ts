import { BucketSetting } from '../bucket-settings.ts';

/** A secret that is sealed with the master key, in base64; see `core/secrets.ts`. */
interface OriginCredentials {
  readonly accessKeyId: string;
  readonly secretSealed: string;
}

interface OriginBounds {
  /** Null where the origin is asked without a signature. */
  readonly credentials: OriginCredentials | null;
  /** How long a key that the origin does not have is not asked for again. */
  readonly missTtlMs: number;
  /** Bytes of the largest object that is taken from it. */
  readonly sizeBytesMax: number;
}

/** Another S3: key `k` is its object `prefix + k`. */
export interface S3Origin extends OriginBounds {
  readonly kind: 's3';
  /** `https://s3.example:9000`, without a path. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly prefix: string;
  /** Whether the bucket is part of the host name. */
  readonly isVirtualHosted: boolean;
}

/** Key `k` is at `url + k`. Kodo's links are signed where there are credentials. */
interface HttpOrigin extends OriginBounds {
  readonly kind: 'http' | 'qiniu';
  /** Ends in `/`. */
  readonly url: string;
}

export type BucketOrigin = S3Origin | HttpOrigin;

export const originDefaults = {
  missTtlMs: 10_000,
  /** The largest PutObject. */
  sizeBytesMax: 5 * 1024 ** 3,
} as const;

/** Where a bucket gets what it does not have. */
export const bucketOrigin = new BucketSetting<BucketOrigin>('origin');

/** What a secret is sealed for: it opens for no other bucket. */
export function originSecretOwner(bucketId: number): string {
  return `origin of bucket ${bucketId}`;
}
