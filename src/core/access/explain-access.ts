import type { Caller, CoreServices } from '../services.ts';
import { type Access, accessOf } from './access.ts';
import { type AccessTarget, arnOf, type PolicyRequest } from './access-request.ts';
import { judge } from './judgement.ts';
import { no, yes } from './policy/certainty.ts';
import type { Policy } from './policy/policy.ts';
import type { Effect } from './policy/statement.ts';
import { bucketPolicy, identityPolicyOf } from './policy/stored-policies.ts';

/** A statement that speaks of what is asked for. */
export interface CoveringStatement {
  /** `bucket`, or the name of a policy of the user. */
  readonly policy: string;
  readonly isOfBucket: boolean;
  /** The first one is 1. */
  readonly number: number;
  readonly sid: string | null;
  readonly effect: Effect;
}

export interface Explanation {
  readonly verdict: 'allowed' | 'denied';
  readonly resource: string;
  /** One sentence: what decided. */
  readonly reason: string;
  /** Those of all policies that speak of it, whether they decided or not. */
  readonly statements: readonly CoveringStatement[];
}

/**
 * Who would decide a request of that user, and how. What is not in the target's conditions is
 * absent, as in a request that says nothing but what it wants.
 */
export async function explainAccess(
  core: Pick<CoreServices, 'index'>,
  caller: Caller,
  action: string,
  target: AccessTarget,
): Promise<Explanation> {
  const access = accessOf(caller);
  const known = await withObject(core, target);
  const {
    verdict,
    identity,
    bucketPolicy: ofBucket,
    ownership,
  } = judge(action, caller, access.facts, known);
  const statements = coveringStatements(access, action, known);
  const find = (effect: Effect, isOfBucket: boolean) =>
    statements.find((one) => one.effect === effect && one.isOfBucket === isOfBucket);
  const explain = (reason: string): Explanation => ({
    verdict: verdict === yes ? 'allowed' : 'denied',
    resource: arnOf(target),
    reason,
    statements,
  });
  if (identity.deny === yes) return explain(`${nameOf(find('Deny', false))} denies it.`);
  if (ofBucket.deny === yes) return explain(`${nameOf(find('Deny', true))} denies it.`);
  if (identity.allow !== yes) {
    return explain(`The policies of user ${caller.userName} bound it, and none allows this.`);
  }
  if (ofBucket.allow === yes) return explain(`${nameOf(find('Allow', true))} allows it.`);
  return explain(explainOwnership(caller, known, ownership === yes, statements));
}

function explainOwnership(
  { userId, userName, isRoot }: Caller,
  { bucket, object }: AccessTarget,
  isAllowed: boolean,
  statements: readonly CoveringStatement[],
): string {
  if (isRoot) return 'The root user may do everything that no statement denies.';
  if (bucket === null) {
    return isAllowed ? 'Every user may do this.' : 'Nobody may do this without a signature.';
  }
  const isOwner = bucket.ownerId === userId;
  if (isAllowed) {
    return isOwner ? `User ${userName} owns the bucket.` : 'Ownership or an ACL allows it.';
  }
  if (statements.some(({ effect, isOfBucket }) => isOfBucket && effect === 'Allow')) {
    return 'RestrictPublicBuckets keeps the public policy of the bucket from allowing it.';
  }
  if (isOwner && object === null)
    return 'There is no such object whose owner or ACL could allow it.';
  return isOwner
    ? 'The object belongs to another user, and no policy or ACL allows it.'
    : 'Neither the policy of the bucket nor ownership nor an ACL allows it.';
}

function nameOf(statement: CoveringStatement | undefined): string {
  if (!statement) return 'A statement';
  const { policy, isOfBucket, number, sid } = statement;
  const name = isOfBucket ? "the bucket's policy" : `the user's policy ${policy}`;
  return `Statement ${number}${sid === null ? '' : ` (${sid})`} of ${name}`;
}

async function withObject(
  { index }: Pick<CoreServices, 'index'>,
  target: AccessTarget,
): Promise<AccessTarget> {
  const { bucket, key, conditions } = target;
  if (bucket === null || key === null || key === undefined) return target;
  const versionId = conditions?.['s3:versionid']?.[0] ?? null;
  const found = await index.findObject(bucket.id, key, versionId);
  return { ...target, object: found?.isDeleteMarker ? null : found, uploadInitiatorId: null };
}

function coveringStatements(
  { caller, facts }: Access,
  action: string,
  target: AccessTarget,
): readonly CoveringStatement[] {
  const request: PolicyRequest = { action, resource: arnOf(target), caller, facts, target };
  const covering = ({ statements }: Policy, policy: string, isOfBucket: boolean) =>
    statements.flatMap((statement, position) => {
      if (statement.covers(request) === no) return [];
      const { sid, effect } = statement;
      return [{ policy, isOfBucket, number: position + 1, sid, effect }];
    });
  const ofBucket = target.bucket && bucketPolicy.of(target.bucket);
  return [
    ...caller.policies.flatMap((policy) => covering(identityPolicyOf(policy), policy.name, false)),
    ...(ofBucket ? covering(ofBucket, 'bucket', true) : []),
  ];
}
