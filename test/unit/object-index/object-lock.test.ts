import { describe, expect, it } from 'vitest';
import { isLocked, type LockColumns } from '../../../src/object-index/object-lock.ts';

const free: LockColumns = { retention_mode: null, retain_until_ms: null, has_legal_hold: 0 };

describe('isLocked', () => {
  it.each<[string, Partial<LockColumns>, boolean, boolean]>([
    ['nothing', {}, false, false],
    ['legal hold', { has_legal_hold: 1 }, true, true],
    ['GOVERNANCE', { retention_mode: 'GOVERNANCE', retain_until_ms: 101 }, true, false],
    ['COMPLIANCE', { retention_mode: 'COMPLIANCE', retain_until_ms: 101 }, true, true],
    ['ended COMPLIANCE', { retention_mode: 'COMPLIANCE', retain_until_ms: 100 }, false, false],
    [
      'hold behind ended GOVERNANCE',
      { retention_mode: 'GOVERNANCE', retain_until_ms: 1, has_legal_hold: 1 },
      true,
      true,
    ],
  ])('%s', (_name, columns, locked, lockedForBypass) => {
    expect(isLocked({ ...free, ...columns }, 100, false)).toBe(locked);
    expect(isLocked({ ...free, ...columns }, 100, true)).toBe(lockedForBypass);
  });
});
