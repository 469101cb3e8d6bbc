import { describe, expect, it } from 'vitest';
import {
  ifRange,
  parseEtags,
  parseHttpDate,
  readConditions,
  writeCondition,
} from '../../../src/http/preconditions.ts';
import { ReceivedHeaders } from '../../../src/http/request-headers.ts';
import type { ObjectRecord } from '../../../src/object-index/records.ts';

const timeMs = Date.UTC(1994, 10, 6, 8, 49, 37);
const headersOf = (headers: Record<string, string>) =>
  ReceivedHeaders.parse(Object.entries(headers).flat());

describe('ETag lists', () => {
  it.each([
    ['"a"', ['a']],
    ['a', ['a']],
    ['*', ['*']],
    ['"a", "b",c', ['a', 'b', 'c']],
    ['W/"a", "b"', ['b']],
    ['', []],
    [',', []],
    ['"a', []],
    ['a b', []],
  ])('%j compared strongly is %j', (value, etags) => {
    expect(parseEtags(value, 'strong')).toEqual(etags);
  });

  it('are read in one pass, whatever white space is in them', () => {
    // With a pass for each of the spaces this would outlast the test.
    expect(parseEtags(`a,${' '.repeat(100_000)}b"`, 'strong')).toEqual(['a']);
  });

  it('compared weakly, weak ETags count', () => {
    expect(parseEtags('W/"a", "b"', 'weak')).toEqual(['a', 'b']);
  });
});

describe('HTTP dates', () => {
  it.each([
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37 GMT',
    'Sun Nov  6 08:49:37 1994',
  ])('%s', (value) => {
    expect(parseHttpDate(value)).toBe(timeMs);
  });

  it.each([
    '',
    'yesterday',
    '1994-11-06T08:49:37Z',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 CET',
    'Sun, 06 Nov 1994 28:49:37 GMT',
    '784111777',
  ])('%j is ignored', (value) => {
    expect(parseHttpDate(value)).toBeNull();
  });
});

describe('conditions', () => {
  it('of a read come from the four headers, bad dates left out', () => {
    const headers = headersOf({
      'If-Match': '"a"',
      'If-None-Match': '"b"',
      'If-Modified-Since': 'nonsense',
      'If-Unmodified-Since': 'Sun, 06 Nov 1994 08:49:37 GMT',
    });
    expect(readConditions(headers)).toEqual({
      ifMatch: ['a'],
      ifNoneMatch: ['b'],
      ifUnmodifiedSinceMs: timeMs,
    });
  });

  it('of the source of a copy have a prefix', () => {
    const headers = headersOf({ 'If-Match': '"a"', 'x-amz-copy-source-if-match': '"b"' });
    expect(readConditions(headers, 'x-amz-copy-source-')).toEqual({ ifMatch: ['b'] });
  });

  it('of a write are ETags only', () => {
    const headers = headersOf({
      'If-None-Match': '*',
      'If-Modified-Since': 'Sun, 06 Nov 1994 08:49:37 GMT',
    });
    expect(writeCondition(headers)).toEqual({ ifNoneMatch: ['*'] });
  });
});

describe('If-Range', () => {
  const object = { etag: 'a', lastModifiedMs: timeMs + 5 } as ObjectRecord;

  it.each([
    ['"a"', true],
    ['"b"', false],
    ['W/"a"', false],
    ['Sun, 06 Nov 1994 08:49:37 GMT', true],
    ['Sun, 06 Nov 1994 08:49:38 GMT', false],
  ])('%s accepts the object: %s', (value, isAccepted) => {
    expect(ifRange(headersOf({ 'If-Range': value }))(object)).toBe(isAccepted);
  });

  it('left out accepts every object', () => {
    expect(ifRange(headersOf({}))(object)).toBe(true);
  });
});
