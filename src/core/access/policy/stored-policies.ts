import { BucketSetting } from '../../bucket-settings.ts';
import type { IdentityPolicy } from '../../services.ts';
import { checkBucketPolicy } from './check-bucket-policy.ts';
import { parsePolicy } from './parse-policy.ts';
import type { Policy, PolicyKind } from './policy.ts';
import { isPublicPolicy } from './public-policy.ts';
import { compileStatement } from './statement.ts';

/** A bucket's policy, with its text, which GetBucketPolicy gives back byte for byte. */
export interface BucketPolicy extends Policy {
  readonly text: string;
  /** By AWS's rules; see `isPublicPolicy`. */
  readonly isPublic: boolean;
}

/** As it is stored. Throws `MalformedPolicy`. */
export function parseBucketPolicy(text: string, bucketName: string): BucketPolicy {
  const policy = parsePolicy(text, 'bucket');
  checkBucketPolicy(policy, bucketName);
  return { ...policy, text, isPublic: isPublicPolicy(policy) };
}

/** The setting that PutBucketPolicy stores. */
export const bucketPolicy = new BucketSetting<BucketPolicy>('policy', {
  parse: (text) => {
    const policy = parseStored(text, 'bucket');
    return { ...policy, text, isPublic: isPublicPolicy(policy) };
  },
  render: ({ text }) => text,
});

/** Parsed identity policies that are kept. */
const parsedMax = 1000;
const parsed = new Map<string, Policy>();

/** A text that cannot be read (another release wrote it) may forbid anything, so it does. */
function parseStored(text: string, kind: PolicyKind): Policy {
  try {
    return parsePolicy(text, kind);
  } catch {
    return forbidEverything;
  }
}

const everything = { texts: ['*'], isNot: false };
const forbidEverything: Policy = {
  statements: [
    compileStatement(
      {
        ...{ sid: null, effect: 'Deny', principals: null, conditions: [] },
        ...{ actions: everything, resources: everything },
      },
      false,
    ),
  ],
};

/** Of a policy attached to a user. Each text is parsed once. */
export function identityPolicyOf({ document }: Pick<IdentityPolicy, 'document'>): Policy {
  const known = parsed.get(document);
  if (known) return known;
  const policy = parseStored(document, 'identity');
  if (parsed.size >= parsedMax) parsed.clear();
  parsed.set(document, policy);
  return policy;
}
