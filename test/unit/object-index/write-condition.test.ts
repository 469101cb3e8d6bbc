import { describe, expect, it } from 'vitest';
import { failedCondition } from '../../../src/object-index/write-condition.ts';
import type { WriteCondition } from '../../../src/object-index/write-requests.ts';

describe('failedCondition', () => {
  it.each<[WriteCondition | undefined, string | null, string | null]>([
    [undefined, null, null],
    [{}, 'a', null],
    [{ ifMatch: ['a'] }, 'a', null],
    [{ ifMatch: ['b', 'a'] }, 'a', null],
    [{ ifMatch: ['b'] }, 'a', 'precondition-failed'],
    [{ ifMatch: [] }, 'a', 'precondition-failed'],
    [{ ifMatch: ['a'] }, null, 'no-such-key'],
    [{ ifMatch: ['*'] }, 'a', null],
    [{ ifMatch: ['*'] }, null, 'no-such-key'],
    [{ ifNoneMatch: ['*'] }, null, null],
    [{ ifNoneMatch: ['*'] }, 'a', 'precondition-failed'],
    [{ ifNoneMatch: ['a'] }, 'a', 'precondition-failed'],
    [{ ifNoneMatch: ['b', 'a'] }, 'a', 'precondition-failed'],
    [{ ifNoneMatch: ['b'] }, 'a', null],
    [{ ifNoneMatch: ['a'] }, null, null],
    [{ ifMatch: ['a'], ifNoneMatch: ['a'] }, 'a', 'precondition-failed'],
    [{ ifMatch: ['b'], ifNoneMatch: ['*'] }, null, 'no-such-key'],
  ])('%j on an object with ETag %j gives %j', (condition, etag, expected) => {
    const current = etag === null ? undefined : { etag, is_delete_marker: 0 };
    expect(failedCondition(condition, current)).toBe(expected);
  });

  it('takes a delete marker for no object', () => {
    const marker = { etag: '', is_delete_marker: 1 };
    expect(failedCondition({ ifMatch: ['*'] }, marker)).toBe('no-such-key');
    expect(failedCondition({ ifNoneMatch: ['*'] }, marker)).toBeNull();
  });
});
