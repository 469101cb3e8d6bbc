import { describe, expect, it } from 'vitest';
import { expiryAfterDays, localTime } from '../../../src/core/local-time.ts';

describe('localTime', () => {
  it('tells what a clock in China shows', () => {
    expect(localTime(Date.UTC(2025, 11, 31, 16, 5, 9), 'Asia/Shanghai')).toEqual({
      year: 2026,
      month: 1,
      day: 1,
      hour: 0,
      minute: 5,
      second: 9,
    });
  });

  it('refuses a zone that nobody knows', () => {
    expect(() => localTime(0, 'Asia/Nowhere')).toThrow(RangeError);
  });
});

describe('expiryAfterDays', () => {
  it.each([
    // The example of Kodo's documentation.
    ['2015-01-01T10:00:00+08:00', 3, 'Asia/Shanghai', '2015-01-05T00:00:00+08:00'],
    ['2015-01-01T23:59:59.999+08:00', 1, 'Asia/Shanghai', '2015-01-03T00:00:00+08:00'],
    ['2015-01-01T00:00:00+08:00', 1, 'Asia/Shanghai', '2015-01-02T00:00:00+08:00'],
    ['2015-01-01T00:00:00.001+08:00', 1, 'Asia/Shanghai', '2015-01-03T00:00:00+08:00'],
    ['2015-01-01T07:30:00+08:00', 1, 'UTC', '2015-01-02T00:00:00Z'],
    // A day of 25 hours, and one of 23.
    ['2026-10-24T12:00:00+02:00', 1, 'Europe/Berlin', '2026-10-26T00:00:00+01:00'],
    ['2026-03-28T12:00:00+01:00', 1, 'Europe/Berlin', '2026-03-30T00:00:00+02:00'],
  ])('%s and %d days in %s is %s', (now, days, timeZone, expected) => {
    const expiryMs = expiryAfterDays(Date.parse(now), days, timeZone);
    expect(new Date(expiryMs).toISOString()).toBe(new Date(expected).toISOString());
  });
});
