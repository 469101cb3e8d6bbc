import { s3Actions } from './actions.ts';
import { compileGlob, globsOverlap, parseGlob } from './glob.ts';
import { malformedPolicy } from './malformed-policy.ts';
import { widestPieces } from './pattern.ts';
import type { Policy } from './policy.ts';
import type { Statement } from './statement.ts';

/** What a resource of a policy may stand for. */
type Kind = 'bucket' | 'object';

const listings = new Set([
  's3:ListBucket',
  's3:ListBucketVersions',
  's3:ListBucketMultipartUploads',
]);
const tagWrites = new Set([
  ...['s3:PutObject', 's3:PutObjectTagging', 's3:PutObjectVersionTagging', 's3:ReplicateTags'],
  's3:ReplicateObject',
]);

/** Condition keys that have a value for some actions only. */
const actionsOfKeys: readonly (readonly [RegExp, (action: string) => boolean])[] = [
  [/^s3:(prefix|delimiter|max-keys)$/i, (action) => listings.has(action)],
  [/^s3:requestobjecttag/i, (action) => tagWrites.has(action)],
  [
    /^s3:existingobjecttag\//i,
    (action) => s3Actions.get(action) === 'object' && action !== 's3:PutObject',
  ],
];

/**
 * Throws `MalformedPolicy` when a bucket's policy speaks of other buckets, or of actions that cannot
 * be done to what it names: it would quietly not do what its author wants.
 */
export function checkBucketPolicy({ statements }: Policy, bucketName: string): void {
  for (const statement of statements) {
    const actions = statement.actions.texts.map(namedActions);
    if (actions.some((named) => named.length === 0)) {
      throw malformedPolicy('Policy has invalid action');
    }
    const kinds = kindsOf(statement, bucketName);
    if (statement.actions.isNot) continue;
    const isIdle = (named: readonly string[]) => !named.some((action) => fits(action, kinds));
    if (actions.some(isIdle)) {
      throw malformedPolicy('Action does not apply to any resource(s) in statement');
    }
    checkConditions(statement, actions, kinds);
  }
}

/** The actions that a text with wildcards covers. */
function namedActions(text: string): readonly string[] {
  const matches = compileGlob(parseGlob(text.toLowerCase()));
  return [...s3Actions.keys()].filter((action) => matches(action.toLowerCase()));
}

function kindsOf({ resources }: Statement, bucketName: string): ReadonlySet<Kind> {
  if (resources.isNot) return new Set(['bucket', 'object']);
  const arn = `arn:aws:s3:::${bucketName}`;
  const bucket = parseGlob(arn);
  const objects = parseGlob(`${arn}/?*`);
  const kinds = new Set<Kind>();
  for (const text of resources.texts) {
    const pattern = widestPieces(text);
    const isBucket = globsOverlap(pattern, bucket);
    const isObject = globsOverlap(pattern, objects);
    if (!isBucket && !isObject) throw malformedPolicy('Policy has invalid resource');
    if (isBucket) kinds.add('bucket');
    if (isObject) kinds.add('object');
  }
  return kinds;
}

function fits(action: string, kinds: ReadonlySet<Kind>): boolean {
  const kind = s3Actions.get(action);
  return kind !== undefined && kind !== 'service' && kinds.has(kind);
}

function checkConditions(
  { conditions }: Statement,
  actions: readonly (readonly string[])[],
  kinds: ReadonlySet<Kind>,
): void {
  for (const [keyPattern, hasValue] of actionsOfKeys) {
    if (!conditions.some(({ key }) => keyPattern.test(key))) continue;
    const isIdle = (named: readonly string[]) =>
      !named.some((action) => fits(action, kinds) && hasValue(action));
    if (!actions.some(isIdle)) continue;
    throw malformedPolicy(
      'Conditions do not apply to combination of actions and resources in statement',
    );
  }
}
