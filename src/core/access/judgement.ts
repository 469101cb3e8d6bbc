import type { Bucket } from '../../object-index/records.ts';
import type { Caller, IdentityPolicy } from '../services.ts';
import {
  type AccessTarget,
  arnOf,
  type PolicyRequest,
  type RequestFacts,
} from './access-request.ts';
import { decideByOwnership, decideByPolicy, type OwnershipVerdict } from './acl-decision.ts';
import { publicAccessBlockOf } from './bucket-access-settings.ts';
import { type Certainty, greatest, least, maybe, no, not, yes } from './policy/certainty.ts';
import { askPolicy, type PolicyAnswer, silent } from './policy/policy.ts';
import { type BucketPolicy, bucketPolicy, identityPolicyOf } from './policy/stored-policies.ts';

/** What everyone who has a say in it says, and what comes of it. */
export interface Judgement {
  /** Of the caller's own policies together; without any they allow everything. */
  readonly identity: PolicyAnswer;
  readonly bucketPolicy: PolicyAnswer;
  /** Of who owns what, and of ACLs. */
  readonly ownership: Certainty;
  readonly verdict: Certainty;
}

const unbound: PolicyAnswer = { allow: yes, deny: no };

/** A policy that locks its bucket's owner out could not be taken away by anyone. */
const neverLockedOut: ReadonlySet<string> = new Set([
  's3:GetBucketPolicy',
  's3:PutBucketPolicy',
  's3:DeleteBucketPolicy',
]);

/**
 * A user is an account of its own: its policies bound what it may do, and the bucket's owner, its
 * policy or an ACL must let it. A Deny anywhere wins.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function judge(
  action: string,
  caller: Caller,
  facts: RequestFacts,
  target: AccessTarget,
): Judgement {
  const { bucket } = target;
  const ownership = judgeOwnership(action, target, caller);
  const ofBucket = bucket ? bucketPolicy.of(bucket) : null;
  if (!ofBucket && caller.policies.length === 0) {
    return { identity: unbound, bucketPolicy: silent, ownership, verdict: ownership };
  }
  const request: PolicyRequest = { action, resource: arnOf(target), caller, facts, target };
  const identity = askIdentityPolicies(caller.policies, request);
  const isSpared = bucket !== null && neverLockedOut.has(action) && isManager(caller, bucket);
  const answer =
    bucket && ofBucket && !isSpared ? askBucketPolicy(ofBucket, bucket, request) : silent;
  const isLet = greatest(ownership, answer.allow);
  const isForbidden = greatest(identity.deny, answer.deny);
  const verdict = least(least(identity.allow, isLet), not(isForbidden));
  return { identity, bucketPolicy: answer, ownership, verdict };
}

const certainties: Readonly<Record<OwnershipVerdict, Certainty>> = {
  denied: no,
  'depends-on-object': maybe,
  allowed: yes,
};

function judgeOwnership(action: string, target: AccessTarget, caller: Caller): Certainty {
  return caller.isRoot ? yes : certainties[decideByOwnership(action, target, caller)];
}

/**
 * A public policy of a bucket that is restricted allows nothing to others, and none reaches what
 * other owners have in the bucket.
 */
function askBucketPolicy(
  policy: BucketPolicy,
  bucket: Bucket,
  request: PolicyRequest,
): PolicyAnswer {
  const answer = askPolicy(policy, request);
  const isRestricted = policy.isPublic && publicAccessBlockOf(bucket).restrictPublicBuckets;
  if (isRestricted && !isManager(request.caller, bucket)) return { ...answer, allow: no };
  const reach = certainties[decideByPolicy(request.action, request.target)];
  return { ...answer, allow: least(answer.allow, reach) };
}

function isManager({ isRoot, userId }: Caller, bucket: Bucket): boolean {
  return isRoot || bucket.ownerId === userId;
}

function askIdentityPolicies(
  policies: readonly IdentityPolicy[],
  request: PolicyRequest,
): PolicyAnswer {
  if (policies.length === 0) return unbound;
  let { allow, deny } = silent;
  for (const policy of policies) {
    const answer = askPolicy(identityPolicyOf(policy), request);
    allow = greatest(allow, answer.allow);
    deny = greatest(deny, answer.deny);
  }
  return { allow, deny };
}
