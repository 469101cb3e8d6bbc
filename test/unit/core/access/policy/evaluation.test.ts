import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Access } from '../../../../../src/core/access/access.ts';
import { anonymousCaller } from '../../../../../src/core/access/anonymous.ts';
import {
  compileGlob,
  globsOverlap,
  matchesGlob,
  parseGlob,
} from '../../../../../src/core/access/policy/glob.ts';
import { aBucket, aCaller, someFacts } from '../../../../support/access-requests.ts';

/** By recursion over both texts: slow, and plainly what the words mean. */
function naiveMatch(pattern: string, text: string): boolean {
  const [first] = pattern;
  if (first === undefined) return text === '';
  const rest = pattern.slice(1);
  if (first === '*')
    return naiveMatch(rest, text) || (text !== '' && naiveMatch(pattern, text.slice(1)));
  return text !== '' && (first === '?' || first === text[0]) && naiveMatch(rest, text.slice(1));
}

const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 7 });
const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 7 });

describe('wildcards', () => {
  it('match as the naive reading of them does', () => {
    fc.assert(
      fc.property(patterns, letters, (pattern, text) => {
        expect(matchesGlob(parseGlob(pattern), text)).toBe(naiveMatch(pattern, text));
        expect(compileGlob(parseGlob(pattern))(text)).toBe(naiveMatch(pattern, text));
      }),
      { numRuns: 2000 },
    );
  });

  it('overlap with all that matches both', () => {
    fc.assert(
      fc.property(patterns, patterns, letters, (one, other, text) => {
        const isShared = naiveMatch(one, text) && naiveMatch(other, text);
        if (isShared) expect(globsOverlap(parseGlob(one), parseGlob(other))).toBe(true);
        // A text is a pattern, too: then overlapping is matching.
        expect(globsOverlap(parseGlob(one), parseGlob(text))).toBe(naiveMatch(one, text));
      }),
      { numRuns: 2000 },
    );
  });
});

interface ModelStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly who: { readonly isNot: boolean; readonly names: readonly string[] };
  readonly what: { readonly isNot: boolean; readonly actions: readonly string[] };
  readonly where: { readonly isNot: boolean; readonly resources: readonly string[] };
  readonly when: { readonly operator: string; readonly referers: readonly string[] } | null;
}

const actions = ['s3:GetObject', 's3:GetObjectAcl', 's3:PutObject', 's3:DeleteObject'];
const keys = ['cat.jpg', 'a/cat.jpg', 'dog.png'];
const callers = [
  aCaller('alice'),
  aCaller('bob'),
  aCaller('carol'),
  aCaller('root', { isRoot: true }),
  anonymousCaller,
];
const some = (values: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });

const statements: fc.Arbitrary<ModelStatement> = fc
  .record({
    Effect: fc.constantFrom('Allow', 'Deny'),
    who: fc.record({
      isNot: fc.boolean(),
      names: some([
        '*',
        'bob',
        'id-carol',
        'arn:aws:iam::id-bob:root',
        'arn:aws:iam::id-alice:user/alice',
      ]),
    }),
    what: fc.record({
      isNot: fc.boolean(),
      actions: some(['*', 's3:*', 's3:Get*', 's3:GetObject', 's3:putobject', 's3:?*Object']),
    }),
    where: fc.record({
      isNot: fc.boolean(),
      resources: some([
        '*',
        'arn:aws:s3:::photos/*',
        'arn:aws:s3:::photos/a/*',
        'arn:aws:s3:::photos/*.png',
      ]),
    }),
    when: fc.option(
      fc.record({
        operator: fc.constantFrom('StringLike', 'StringNotLike', 'StringLikeIfExists'),
        referers: some(['x*', 'y', '*']),
      }),
    ),
  })
  // Allow knows no NotPrincipal.
  .map((made) =>
    made.Effect === 'Allow' ? { ...made, who: { ...made.who, isNot: false } } : made,
  ) as fc.Arbitrary<ModelStatement>;

function render({ Effect, who, what, where, when }: ModelStatement) {
  return {
    Effect,
    [who.isNot ? 'NotPrincipal' : 'Principal']: { AWS: who.names },
    [what.isNot ? 'NotAction' : 'Action']: what.actions,
    [where.isNot ? 'NotResource' : 'Resource']: where.resources,
    ...(when && { Condition: { [when.operator]: { 'aws:Referer': when.referers } } }),
  };
}

interface Asked {
  readonly caller: (typeof callers)[number];
  readonly action: string;
  readonly key: string;
  readonly referer: string | null;
}

function modelCovers({ who, what, where, when }: ModelStatement, asked: Asked): boolean {
  const { userName, isAnonymous } = asked.caller;
  const isNamed = who.names.some(
    (name) =>
      name === '*' || (!isAnonymous && (name === userName || name.includes(`id-${userName}`))),
  );
  const isAction = what.actions.some((text) =>
    naiveMatch(text.toLowerCase(), asked.action.toLowerCase()),
  );
  const isResource = where.resources.some((text) =>
    naiveMatch(text, `arn:aws:s3:::photos/${asked.key}`),
  );
  if (isNamed === who.isNot || isAction === what.isNot || isResource === where.isNot) return false;
  if (!when) return true;
  const { referer } = asked;
  if (referer === null) return when.operator !== 'StringLike';
  const isLike = when.referers.some((text) => naiveMatch(text, referer));
  return isLike === (when.operator !== 'StringNotLike');
}

function modelAllows(policy: readonly ModelStatement[], asked: Asked): boolean {
  const covering = policy.filter((statement) => modelCovers(statement, asked));
  if (covering.some(({ Effect }) => Effect === 'Deny')) return false;
  return asked.caller.isRoot || asked.caller.userName === 'alice' || covering.length > 0;
}

it('a bucket policy decides as the model of it', () => {
  fc.assert(
    fc.property(
      fc.array(statements, { minLength: 1, maxLength: 4 }),
      fc.record({
        caller: fc.constantFrom(...callers),
        action: fc.constantFrom(...actions),
        key: fc.constantFrom(...keys),
        referer: fc.constantFrom(null, 'x1', 'y', 'z'),
      }),
      (policy, asked) => {
        const text = JSON.stringify({ Version: '2012-10-17', Statement: policy.map(render) });
        const headers = asked.referer === null ? {} : { referer: asked.referer };
        const access = new Access(asked.caller, someFacts({ headers }));
        const target = { bucket: aBucket({ settings: { policy: text } }), key: asked.key };
        expect(access.decide(asked.action, target)).toBe(
          modelAllows(policy, asked) ? 'allowed' : 'denied',
        );
      },
    ),
    { numRuns: 3000 },
  );
});
