import { expect, it } from 'vitest';
import {
  compare,
  isAsExpected,
  renderComparison,
  type TestOutcome,
} from '../../conformance/s3-tests/compare.ts';

const passed: TestOutcome = { name: 'a.py::good', outcome: 'passed' };
const failed: TestOutcome = { name: 'a.py::bad', outcome: 'failed', message: 'assert 1\n == 2' };
const skipped: TestOutcome = { name: 'a.py::left_out', outcome: 'skipped' };
const all = [passed, failed, skipped];
const whole = { isSelection: false };

it('is as expected when exactly the tests of the list fail', () => {
  const comparison = compare(all, { 'a.py::bad': 'gap: it is bad' }, whole);
  expect(isAsExpected(comparison)).toBe(true);
  expect(renderComparison(comparison)).toBe(
    'Expected failures:\n  a.py::bad: gap: it is bad\n\n1 passed, 1 failed (1 expected), 1 skipped',
  );
});

it.each([
  [
    'a failure that is not in the list',
    {},
    'FAILED, and not in the list:\n  a.py::bad: assert 1 == 2',
  ],
  [
    'a pass that is in the list',
    { 'a.py::bad': 'gap: x', 'a.py::good': 'gap: x' },
    'Did not fail, but are in the list:\n  a.py::good',
  ],
  [
    'a skipped test that is in the list',
    { 'a.py::bad': 'gap: x', 'a.py::left_out': 'gap: x' },
    'Did not fail, but are in the list:\n  a.py::left_out',
  ],
  [
    'a test in the list that the suite does not have',
    { 'a.py::bad': 'gap: x', 'a.py::gone': 'gap: x' },
    'In the list, but not in the suite:\n  a.py::gone',
  ],
])('refuses %s', (_what, expected, line) => {
  const comparison = compare(all, expected, whole);
  expect(isAsExpected(comparison)).toBe(false);
  expect(renderComparison(comparison)).toContain(line);
});

it('a selection says nothing of tests that it did not run', () => {
  const expected = { 'a.py::bad': 'gap: x', 'b.py::other': 'gap: x' };
  expect(isAsExpected(compare([failed], expected, { isSelection: true }))).toBe(true);
});

it('a run without tests proves nothing', () => {
  expect(isAsExpected(compare([], {}, { isSelection: true }))).toBe(false);
});
