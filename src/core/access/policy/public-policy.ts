import type { Condition } from './condition.ts';
import { overlapsIpv4, parseIpRange } from './ip-range.ts';
import type { Policy } from './policy.ts';
import type { Statement } from './statement.ts';

/** Keys whose values, when they are fixed, keep a statement from being one to the world. */
const narrowingKeys: ReadonlySet<string> = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceorgid',
  'aws:sourceorgpaths',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
  'aws:username',
  's3:dataaccesspointaccount',
  's3:dataaccesspointarn',
]);

/** Operators that let only what is named through, and nothing that is not there. */
const narrowingOperators =
  /^(ForAnyValue:)?(StringEquals(IgnoreCase)?|StringLike|ArnEquals|ArnLike|IpAddress)$/i;

/** Of the 128 bits in which IPv4 is mapped: ranges broader than /8 and /32 are the world. */
const ipv4PrefixBitsMin = 96 + 8;
const ipv6PrefixBitsMin = 32;

/**
 * Whether a policy is public, by AWS's rules: some statement allows something to everyone, without
 * a condition that only fixed values meet.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
export function isPublicPolicy({ statements }: Policy): boolean {
  return statements.some(isPublicStatement);
}

function isPublicStatement({ effect, principals, conditions }: Statement): boolean {
  return effect === 'Allow' && principals?.of.isEveryone === true && !conditions.some(isNarrowing);
}

function isNarrowing({ operator, key, texts }: Condition): boolean {
  if (!narrowingOperators.test(operator)) return false;
  const name = key.toLowerCase();
  if (name === 'aws:sourceip') return texts.every(isNarrowRange);
  return narrowingKeys.has(name) && !texts.some((text) => /[*?]|\$\{/.test(text));
}

function isNarrowRange(text: string): boolean {
  const range = parseIpRange(text);
  if (range === null) return false;
  // However it is written: `::/32` and `::ffff:0:0/96` hold all of IPv4.
  const bitsMin = overlapsIpv4(range) ? ipv4PrefixBitsMin : ipv6PrefixBitsMin;
  return range.prefixBits >= bitsMin;
}
