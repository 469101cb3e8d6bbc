import { describe, expect, it } from 'vitest';
import { evaluateConditions } from '../../../src/core/preconditions.ts';

const modifiedMs = Date.UTC(2024, 0, 1, 12, 0, 0);
const object = { etag: 'e1', lastModifiedMs: modifiedMs + 345 };
const before = modifiedMs - 1000;

describe('conditions of a read', () => {
  it.each([
    ['nothing', {}, 'proceed'],
    ['If-Match met', { ifMatch: ['e0', 'e1'] }, 'proceed'],
    ['If-Match *', { ifMatch: ['*'] }, 'proceed'],
    ['If-Match not met', { ifMatch: ['e2'] }, 'precondition-failed'],
    ['If-Match of nothing', { ifMatch: [] }, 'precondition-failed'],
    ['If-None-Match met', { ifNoneMatch: ['e2'] }, 'proceed'],
    ['If-None-Match not met', { ifNoneMatch: ['e2', 'e1'] }, 'not-modified'],
    ['If-None-Match *', { ifNoneMatch: ['*'] }, 'not-modified'],
    ['modified since', { ifModifiedSinceMs: before }, 'proceed'],
    ['not modified since, to the second', { ifModifiedSinceMs: modifiedMs }, 'not-modified'],
    ['unmodified since, to the second', { ifUnmodifiedSinceMs: modifiedMs }, 'proceed'],
    ['modified since', { ifUnmodifiedSinceMs: before }, 'precondition-failed'],
    [
      'If-Match met hides If-Unmodified-Since not met',
      { ifMatch: ['e1'], ifUnmodifiedSinceMs: before },
      'proceed',
    ],
    [
      'If-None-Match met hides If-Modified-Since not met',
      { ifNoneMatch: ['e2'], ifModifiedSinceMs: modifiedMs },
      'proceed',
    ],
    [
      'If-None-Match not met hides If-Modified-Since met',
      { ifNoneMatch: ['e1'], ifModifiedSinceMs: before },
      'not-modified',
    ],
    [
      'If-Match goes before If-None-Match',
      { ifMatch: ['e2'], ifNoneMatch: ['e1'] },
      'precondition-failed',
    ],
    ['both ETag conditions count', { ifMatch: ['e1'], ifNoneMatch: ['e1'] }, 'not-modified'],
  ])('%s', (_name, conditions, verdict) => {
    expect(evaluateConditions(conditions, object)).toMatchObject({ verdict });
  });
});
