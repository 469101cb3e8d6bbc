import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareSorted } from '../../../../src/core/fsck/compare-sorted.ts';

async function* batches(texts: readonly string[], size: number) {
  for (let start = 0; start < texts.length; start += size) yield texts.slice(start, start + size);
}

const byBytes = (one: string, other: string) =>
  Buffer.compare(Buffer.from(one), Buffer.from(other));

it('tells of each text whether the other list has it, however both are cut', async () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '-', '_', 'M', '/'), maxLength: 4 });
  const other = fc.oneof(name, fc.string({ unit: 'grapheme', maxLength: 4 }));
  const size = fc.integer({ min: 1, max: 5 });
  const property = fc.asyncProperty(
    ...([fc.uniqueArray(name), fc.array(other), size, size] as const),
    async (texts, others, textsSize, othersSize) => {
      const found: string[] = [];
      const missing: string[] = [];
      const compared = compareSorted(
        batches(texts.toSorted(byBytes), textsSize),
        batches(others.toSorted(byBytes), othersSize),
      );
      for await (const batch of compared) {
        for (const { text, isFound } of batch) (isFound ? found : missing).push(text);
      }
      const has = new Set(others);
      expect(new Set(found)).toEqual(new Set(texts.filter((text) => has.has(text))));
      expect(new Set(missing)).toEqual(new Set(texts.filter((text) => !has.has(text))));
    },
  );
  await fc.assert(property);
});

it('ends the other list, which may hold files open', async () => {
  let isEnded = false;
  async function* others() {
    try {
      yield ['a'];
      yield ['b'];
    } finally {
      isEnded = true;
    }
  }
  for await (const _batch of compareSorted(batches(['a'], 1), others()));
  expect(isEnded).toBe(true);
});
