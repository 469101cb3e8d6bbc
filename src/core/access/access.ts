import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import { GatewayError } from '../errors.ts';
import { foundObject } from '../found-object.ts';
import { bucketOrigin } from '../origin/bucket-origin.ts';
import type { Caller, CoreServices } from '../services.ts';
import { checkVersionId } from '../version-id.ts';
import type { AccessTarget, RequestFacts } from './access-request.ts';
import { initiatorsOwn, type OwnershipVerdict } from './acl-decision.ts';
import { judge } from './judgement.ts';
import { type Certainty, maybe, no, yes } from './policy/certainty.ts';

export type { AccessTarget, RequestFacts } from './access-request.ts';

/** `depends-on-object`: only with the object in the target can it be told. */
export type Verdict = OwnershipVerdict;

const verdicts: Readonly<Record<Certainty, Verdict>> = {
  [no]: 'denied',
  [maybe]: 'depends-on-object',
  [yes]: 'allowed',
};

/** What one request may do. Every door asks here before it acts. */
export class Access {
  readonly caller: Caller;
  readonly facts: RequestFacts;

  constructor(caller: Caller, facts: RequestFacts) {
    this.caller = caller;
    this.facts = facts;
  }

  /** `action` is one of AWS's: `s3:GetObject`. Quick: nothing is read and hardly anything parsed. */
  decide(action: string, target: AccessTarget): Verdict {
    const { caller, facts } = this;
    return verdicts[judge(action, caller, facts, target).verdict];
  }

  /** False also where it depends on an object that the target does not tell of. */
  allows(action: string, target: AccessTarget): boolean {
    return this.decide(action, target) === 'allowed';
  }
}

/** Nobody asked: what the gateway and its operator do themselves. */
const ownFacts: Omit<RequestFacts, 'nowMs'> = {
  sourceIp: null,
  isSecure: true,
  headers: { get: () => null },
  query: { get: () => null },
};

/** For commands and background work, which run as a user. */
export function accessOf(caller: Caller): Access {
  return new Access(caller, { ...ownFacts, nowMs: Date.now() });
}

/** What these are done to need not be there. */
const worksOnNothing: ReadonlySet<string> = new Set([
  's3:PutObject',
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:BypassGovernanceRetention',
]);

/**
 * Throws `AccessDenied` unless the action is allowed. The object is only looked up where that
 * decides; `versionId` says which version, null the current one. Throws what is wrong with it where
 * none is there that could tell; see `hideMissing`.
 */
export async function authorize(
  core: Pick<CoreServices, 'index'>,
  access: Access,
  action: string,
  target: AccessTarget,
): Promise<void> {
  const { bucket, key, versionId = null } = target;
  let verdict = access.decide(action, target);
  if (verdict === 'depends-on-object' && bucket && typeof key === 'string') {
    const isOfUpload = initiatorsOwn.has(action);
    checkVersionId(versionId);
    const found = await core.index.findObject(bucket.id, key, versionId);
    const pullable = found ? null : pullableObject(action, target);
    const object = found?.isDeleteMarker ? null : (found ?? pullable);
    const uploadInitiatorId = isOfUpload ? await findInitiator(core, access, bucket, key) : null;
    verdict = access.decide(action, { ...target, object, uploadInitiatorId });
    const needsObject = !isOfUpload && !worksOnNothing.has(action) && !pullable;
    if (verdict !== 'allowed' && needsObject) foundObject(found, key, versionId);
  }
  if (verdict !== 'allowed') throw new GatewayError('AccessDenied');
}

/**
 * What is not in the bucket and may be at its origin is judged as it will be when it is stored: the
 * bucket owner's, without ACL and tags.
 */
function pullableObject(action: string, { bucket, versionId }: AccessTarget) {
  const isPullable = action === 's3:GetObject' && (versionId ?? null) === null;
  if (!isPullable || !bucket || !bucketOrigin.of(bucket)) return null;
  return { ownerId: bucket.ownerId, acl: null, tags: null };
}

/**
 * Throws `AccessDenied` where nothing can allow the action that the request's document or its
 * object may say: nobody should be told what is wrong with a document that was sent in vain.
 */
export function refuseUnread(access: Access, action: string, target: AccessTarget): void {
  if (access.decide(action, { ...target, isDocumentUnread: true }) !== 'denied') return;
  throw new GatewayError('AccessDenied');
}

/**
 * For what was looked up after `authorize`: another object may have come under the key since, with
 * an ACL and tags of its own. Throws `AccessDenied`.
 */
export function requireAllowed(
  access: Access,
  action: string,
  target: AccessTarget & { readonly object: ObjectRecord },
): void {
  if (!access.allows(action, target)) throw new GatewayError('AccessDenied');
}

async function findInitiator(
  { index }: Pick<CoreServices, 'index'>,
  { facts }: Access,
  bucket: Bucket,
  key: string,
): Promise<string | null> {
  const upload = await index.findUpload(bucket.id, key, facts.query.get('uploadId') ?? '');
  return upload?.initiatorId ?? null;
}

const tellsOfMissing: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchVersion']);

/** Whoever may not list a key is not told either whether it exists. */
export function hideMissing(error: unknown, access: Access, bucket: Bucket): unknown {
  const isMissing =
    error instanceof GatewayError && (tellsOfMissing.has(error.code) || error.deleteMarker);
  if (!isMissing) return error;
  // What listing that very key would ask for.
  const { Key: key = '' } = error.facts;
  const conditions = { 's3:prefix': [String(key)] };
  if (access.allows('s3:ListBucket', { bucket, conditions })) return error;
  return new GatewayError('AccessDenied');
}

/**
 * A caller may say whose bucket it expects, so that a name taken over by others is noticed; null
 * where it does not. Throws `AccessDenied`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
 */
export function checkExpectedOwner(bucket: Bucket, expectedOwnerId: string | null): void {
  if (expectedOwnerId !== null && expectedOwnerId !== bucket.ownerId) {
    throw new GatewayError('AccessDenied');
  }
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
