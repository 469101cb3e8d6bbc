import { BucketSetting } from './bucket-settings.ts';
import { GatewayError } from './errors.ts';

/** Values by key. */
export type Tags = Readonly<Record<string, string>>;
/** Those of a bucket. */
export const bucketTagging = new BucketSetting<Tags>('tagging');

type TagPair = readonly [key: string, value: string];

/** What tags may be put on, and what AWS says where a rule differs. */
interface TaggedKind {
  readonly countMax: number;
  readonly tooMany: string;
  readonly reserved: string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
export const objectTags: TaggedKind = {
  countMax: 10,
  tooMany: 'Object tags cannot be greater than 10',
  reserved: 'Your TagKey cannot be prefixed with aws:',
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html */
export const bucketTags: TaggedKind = {
  countMax: 50,
  tooMany: 'Bucket tag count cannot be greater than 50',
  reserved: 'System tags cannot be added/updated by requester',
};

/** UTF-16 code units, which is what AWS counts. */
const keyLengthMax = 128;
const valueLengthMax = 256;

/** Letters, digits and spaces of any script, and a few signs, as in all of AWS's tags. */
const allowedCharacters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * The tags of these pairs. Throws `BadRequest` for too many, and `InvalidTag` for a key or value
 * that is too long or has other characters, a key that AWS keeps for itself, or one given twice.
 */
export function checkedTags(pairs: readonly TagPair[], kind: TaggedKind): Tags {
  if (pairs.length > kind.countMax) throw new GatewayError('BadRequest', { message: kind.tooMany });
  const keys = new Set<string>();
  for (const [key, value] of pairs) {
    checkPair(key, value, kind);
    if (keys.has(key)) {
      throw invalidTag('Cannot provide multiple Tags with the same key', { TagKey: key });
    }
    keys.add(key);
  }
  // Not by assignment: a key such as `__proto__` is data like any other.
  return Object.fromEntries(pairs);
}

function checkPair(key: string, value: string, kind: TaggedKind): void {
  if (key === '' || key.length > keyLengthMax || !allowedCharacters.test(key)) {
    throw invalidTag('The TagKey you have provided is invalid', { TagKey: key });
  }
  if (/^aws:/i.test(key)) throw invalidTag(kind.reserved, { TagKey: key });
  if (value.length > valueLengthMax || !allowedCharacters.test(value)) {
    throw invalidTag('The TagValue you have provided is invalid', { TagKey: key, TagValue: value });
  }
}

function invalidTag(message: string, facts: Readonly<Record<string, string>>): GatewayError {
  return new GatewayError('InvalidTag', { message, ...facts });
}
