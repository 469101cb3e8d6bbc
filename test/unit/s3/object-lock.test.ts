import { describe, expect, it } from 'vitest';
import { ReceivedHeaders } from '../../../src/http/request-headers.ts';
import { objectLockHeaders, parseInstant, wantsBypass } from '../../../src/s3/object-lock.ts';

const nowMs = Date.UTC(2030, 0, 1);
const mode = 'x-amz-object-lock-mode';
const until = 'x-amz-object-lock-retain-until-date';
const hold = 'x-amz-object-lock-legal-hold';
const read = (headers: readonly string[]) =>
  objectLockHeaders(ReceivedHeaders.parse(headers), nowMs);

describe('object lock headers', () => {
  it.each([
    [[], { retention: null, hasLegalHold: null }],
    [[hold, 'ON'], { retention: null, hasLegalHold: true }],
    [[hold, 'OFF'], { retention: null, hasLegalHold: false }],
    [
      [mode, 'GOVERNANCE', until, '2030-01-01T00:00:00.001Z'],
      { retention: { mode: 'GOVERNANCE', untilMs: nowMs + 1 }, hasLegalHold: null },
    ],
    [
      [mode, 'COMPLIANCE', until, '2031-01-01T01:00:00+01:00'],
      { retention: { mode: 'COMPLIANCE', untilMs: Date.UTC(2031, 0, 1) }, hasLegalHold: null },
    ],
  ])('%j', (headers, expected) => {
    expect(read(headers)).toEqual(expected);
  });

  it.each([
    [[mode, 'GOVERNANCE'], until],
    [[until, '2031-01-01T00:00:00Z'], mode],
    [[mode, 'governance', until, '2031-01-01T00:00:00Z'], mode],
    [[mode, 'GOVERNANCE', until, '2031-01-01'], until],
    [[mode, 'GOVERNANCE', until, '2031-13-01T00:00:00Z'], until],
    [[mode, 'GOVERNANCE', until, 'Tue, 01 Jan 2031 00:00:00 GMT'], until],
    [[mode, 'GOVERNANCE', until, '2030-01-01T00:00:00Z'], until],
    [[hold, 'on'], hold],
  ])('%j is wrong', (headers, ArgumentName) => {
    expect(() => read(headers)).toThrow(
      expect.objectContaining({
        code: 'InvalidArgument',
        facts: expect.objectContaining({ ArgumentName }),
      }),
    );
  });
});

describe('parseInstant', () => {
  it.each([
    ['2030-01-01T00:00:00Z', nowMs],
    ['2030-01-01T00:00:00.123456Z', nowMs + 123],
    ['2030-01-01T00:00:00', null],
    ['12030-01-01T00:00:00Z', null],
    ['', null],
  ])('%s is %s', (text, expected) => {
    expect(parseInstant(text)).toBe(expected);
  });
});

describe('wantsBypass', () => {
  it.each([
    ['true', true],
    ['True', true],
    ['false', false],
    ['', false],
  ])('%s is %s', (value, expected) => {
    const headers = ReceivedHeaders.parse(['x-amz-bypass-governance-retention', value]);
    expect(wantsBypass(headers)).toBe(expected);
  });
});
