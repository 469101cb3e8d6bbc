import { describe, expect, it } from 'vitest';
import { nextLookMs, nextStep } from '../../../../src/core/replicas/next-step.ts';

const STORED_MS = 1_700_000_000_000;
const REPAIR_AFTER_MS = 300_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const check = (attempts: number) => ({
  ...{ fileId: 'group1/f', bucketId: 1, key: 'k', dueMs: STORED_MS, storedAtMs: STORED_MS },
  attempts,
});

describe('after a look', () => {
  it.each([
    ['whole', 0, 0, 'finish'],
    ['unknown', DAY_MS, 9, 'look-again'],
    ['single-copy', REPAIR_AFTER_MS - 1, 3, 'look-again'],
    ['single-copy', REPAIR_AFTER_MS, 3, 'repair'],
    ['single-copy', DAY_MS, 0, 'look-again'],
    ['damaged', REPAIR_AFTER_MS, 1, 'repair'],
    ['missing', REPAIR_AFTER_MS - 1, 3, 'look-again'],
    ['missing', REPAIR_AFTER_MS, 3, 'lost'],
    ['missing', DAY_MS, 0, 'look-again'],
    ['partial', DAY_MS - 1, 9, 'look-again'],
    ['partial', DAY_MS, 9, 'give-up'],
  ] as const)('that found a file %s, %i ms old, after %i others: %s', (...given) => {
    const [verdict, ageMs, attempts, step] = given;
    expect(nextStep(verdict, check(attempts), STORED_MS + ageMs, REPAIR_AFTER_MS)).toBe(step);
  });

  it('the next ones come ever later, and one when the file may be stored anew', () => {
    const ages: number[] = [];
    let nowMs = STORED_MS + MINUTE_MS;
    for (let attempts = 0; attempts < 9; attempts += 1) {
      nowMs = nextLookMs(check(attempts), nowMs, REPAIR_AFTER_MS);
      ages.push((nowMs - STORED_MS) / MINUTE_MS);
    }
    expect(ages).toEqual([2, 4, 5, 13, 29, 61, 121, 181, 241]);
  });

  it('a file may be stored anew at the second look when the first one came late', () => {
    const nowMs = STORED_MS + DAY_MS;
    expect(nextLookMs(check(0), nowMs, REPAIR_AFTER_MS)).toBe(nowMs + MINUTE_MS);
    expect(nextStep('single-copy', check(1), nowMs + MINUTE_MS, REPAIR_AFTER_MS)).toBe('repair');
  });
});
