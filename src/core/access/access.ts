import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import { GatewayError } from '../errors.ts';
import type { Caller, CoreServices } from '../services.ts';

/** What of a request policies may ask for. Names of headers are in lower case. */
export interface RequestFacts {
  /** Of the client, as the edge knows it. */
  readonly sourceIp: string | null;
  /** Whether it came over TLS. */
  readonly isSecure: boolean;
  readonly headers: { get(name: string): string | null };
  readonly query: { get(name: string): string | null };
}

/** What an action is to be done to. */
export interface AccessTarget {
  /** Null for what belongs to no bucket (ListBuckets, CreateBucket). */
  readonly bucket: Bucket | null;
  readonly key?: string | null;
  /** As it is now: for its ACL and tags. Undefined where it was not looked up, null where none is. */
  readonly object?: ObjectRecord | null;
}

/** `depends-on-object`: only with the object in the target can it be told. */
export type Verdict = 'allowed' | 'denied' | 'depends-on-object';

/** What one request may do. Every door asks here before it acts. */
export class Access {
  readonly caller: Caller;
  readonly facts: RequestFacts;

  constructor(caller: Caller, facts: RequestFacts) {
    this.caller = caller;
    this.facts = facts;
  }

  /** `action` is one of AWS's: `s3:GetObject`. */
  decide(_action: string, { bucket }: AccessTarget): Verdict {
    const { isRoot, isAnonymous, userId } = this.caller;
    // Nobody knows whose buckets these would be.
    if (isAnonymous && bucket === null) return 'denied';
    return bucket === null || isRoot || bucket.ownerId === userId ? 'allowed' : 'denied';
  }

  /** False also where it depends on an object that the target does not tell of. */
  allows(action: string, target: AccessTarget): boolean {
    return this.decide(action, target) === 'allowed';
  }
}

/** Nobody asked: what the gateway and its operator do themselves. */
const ownFacts: RequestFacts = {
  sourceIp: null,
  isSecure: true,
  headers: { get: () => null },
  query: { get: () => null },
};

/** For commands and background work, which run as a user. */
export function accessOf(caller: Caller): Access {
  return new Access(caller, ownFacts);
}

/**
 * Throws `AccessDenied` unless the action is allowed. The object is only looked up where that
 * decides; `versionId` says which version, null the current one.
 */
export async function authorize(
  core: Pick<CoreServices, 'index'>,
  access: Access,
  action: string,
  target: AccessTarget & { readonly versionId?: string | null },
): Promise<void> {
  const { bucket, key } = target;
  let verdict = access.decide(action, target);
  if (verdict === 'depends-on-object' && bucket && key) {
    const object = await core.index.findObject(bucket.id, key);
    verdict = access.decide(action, { ...target, object });
  }
  if (verdict !== 'allowed') throw new GatewayError('AccessDenied');
}

/** Whoever may not list a bucket is not told either which of its keys exist. */
export function hideMissing(error: unknown, access: Access, bucket: Bucket): unknown {
  const isMissing =
    error instanceof GatewayError && (error.code === 'NoSuchKey' || error.code === 'NoSuchVersion');
  if (!isMissing || access.allows('s3:ListBucket', { bucket })) return error;
  return new GatewayError('AccessDenied');
}

/** Throws `NoSuchBucket`. */
export async function getBucket(
  core: Pick<CoreServices, 'index'>,
  bucketName: string,
): Promise<Bucket> {
  const bucket = await core.index.findBucket(bucketName);
  if (!bucket) throw new GatewayError('NoSuchBucket', { BucketName: bucketName });
  return bucket;
}
