import { expect, it } from 'vitest';
import { CircuitBreaker } from '../../../../src/fastdfs/client/circuit-breaker.ts';

const settings = { coolOffMs: 100, coolOffMsMax: 1_000 };

function openedAt(...times: number[]): CircuitBreaker {
  const breaker = new CircuitBreaker(settings);
  for (const time of times) breaker.open(time);
  return breaker;
}

it('is closed at first', () => {
  const breaker = new CircuitBreaker(settings);
  expect(breaker.stateAt(0)).toBe('closed');
  expect(breaker.isAvoidedAt(0)).toBe(false);
});

it('opens with a failure and is half-open after the cool-off', () => {
  const breaker = openedAt(1_000);
  expect(breaker.stateAt(1_099)).toBe('open');
  expect(breaker.isAvoidedAt(1_099)).toBe(true);
  expect(breaker.stateAt(1_100)).toBe('half-open');
  expect(breaker.isAvoidedAt(1_100)).toBe(false);
});

it('sends all but one elsewhere while it is half-open', () => {
  const breaker = openedAt(0);
  breaker.begin(100);
  expect(breaker.stateAt(101)).toBe('half-open');
  expect(breaker.isAvoidedAt(101)).toBe(true);
  breaker.close();
  expect(breaker.isAvoidedAt(102)).toBe(false);
});

it('lets another one try when the first ended without showing anything', () => {
  const breaker = openedAt(0);
  breaker.begin(100);
  breaker.release();
  expect(breaker.stateAt(101)).toBe('half-open');
  expect(breaker.isAvoidedAt(101)).toBe(false);
});

it('lets another one try when the first never told how it ended', () => {
  const breaker = openedAt(0);
  breaker.begin(100);
  expect(breaker.isAvoidedAt(100 + 9_999)).toBe(true);
  expect(breaker.isAvoidedAt(100 + 10_000)).toBe(false);
});

it.each([
  { failures: [0], until: 100 },
  { failures: [0, 100], until: 300 },
  { failures: [0, 100, 300], until: 700 },
  { failures: [0, 100, 300, 700, 1_500, 2_500], until: 3_500 },
])('stays open for longer with each failure in a row: $failures', ({ failures, until }) => {
  const breaker = openedAt(...failures);
  expect(breaker.stateAt(until - 1)).toBe('open');
  expect(breaker.stateAt(until)).toBe('half-open');
});

it('counts failures that come while it is open as one', () => {
  const breaker = openedAt(0, 10, 20, 99);
  expect(breaker.stateAt(100)).toBe('half-open');
});

it('remembers failures of a server that works only for moments', () => {
  const breaker = openedAt(0);
  breaker.close();
  breaker.open(150);
  expect(breaker.stateAt(349)).toBe('open');
});

it('forgets failures of long ago', () => {
  const breaker = openedAt(0, 100, 300);
  breaker.close();
  breaker.open(300 + 2 * settings.coolOffMsMax + 1);
  expect(breaker.stateAt(300 + 2 * settings.coolOffMsMax + 101)).toBe('half-open');
});

it('ends the first cool-off early, and no later one', () => {
  const first = openedAt(0);
  first.coolDown(10);
  expect(first.stateAt(10)).toBe('half-open');
  const second = openedAt(0, 100);
  second.coolDown(110);
  expect(second.stateAt(110)).toBe('open');
});
