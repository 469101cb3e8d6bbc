import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { bucketTags, checkedTags, objectTags } from '../../../src/core/tags.ts';

function outcome(check: () => unknown): unknown {
  try {
    return check();
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

describe('checkedTags', () => {
  it.each<[string, string, string]>([
    ['key', 'value', 'ok'],
    ['key', '', 'ok'],
    ['', 'value', 'InvalidTag'],
    ['k'.repeat(128), 'v'.repeat(256), 'ok'],
    ['k'.repeat(129), 'v', 'InvalidTag'],
    ['k', 'v'.repeat(257), 'InvalidTag'],
    ['Größe 名前', 'a+b-c=d._:/@ 0', 'ok'],
    ['a\tb', 'v', 'InvalidTag'],
    ['a&b', 'v', 'InvalidTag'],
    ['k', '<v>', 'InvalidTag'],
    ['k', '\u0000', 'InvalidTag'],
    ['k', '\ud800', 'InvalidTag'],
    ['aws:name', 'v', 'InvalidTag'],
    ['AWS:name', 'v', 'InvalidTag'],
    ['laws:name', 'aws:', 'ok'],
    ['__proto__', 'v', 'ok'],
  ])('%j: %j is %s', (key, value, expected) => {
    const checked = outcome(() => Object.entries(checkedTags([[key, value]], objectTags)));
    expect(checked).toEqual(expected === 'ok' ? [[key, value]] : expected);
  });

  it('counts characters outside the basic plane twice, as AWS does', () => {
    const letter = '\u{10400}';
    expect(outcome(() => checkedTags([[letter.repeat(64), 'v']], objectTags))).toEqual({
      [letter.repeat(64)]: 'v',
    });
    expect(outcome(() => checkedTags([[letter.repeat(65), 'v']], objectTags))).toBe('InvalidTag');
  });

  it.each([
    ['objects', objectTags, 10],
    ['buckets', bucketTags, 50],
  ] as const)('%s have so many', (_name, kind, countMax) => {
    const pairs = Array.from({ length: countMax }, (_, number) => [`k${number}`, 'v'] as const);
    expect(Object.keys(checkedTags(pairs, kind))).toHaveLength(countMax);
    expect(outcome(() => checkedTags([...pairs, ['one more', 'v']], kind))).toBe('BadRequest');
  });

  it('keeps every pair, or tells that one key is given twice', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'B', 'é', '1', '_', '@') });
    const pair = fc.tuple(text, text).filter(([key]) => key !== '');
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 10 }), (pairs) => {
        const checked = outcome(() => checkedTags(pairs, objectTags));
        const isRepeated = new Set(pairs.map(([key]) => key)).size < pairs.length;
        expect(checked).toEqual(isRepeated ? 'InvalidTag' : Object.fromEntries(pairs));
      }),
    );
  });
});
