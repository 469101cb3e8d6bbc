import { expect, it } from 'vitest';
import { shouldHaveFile } from '../../../src/blob-store/replica-age.ts';

const NOW = 1_800_000_000;
const DAY = 86_400;

it.each([
  ['older than a day, whatever the sync time', DAY + 6, 0, true],
  ['a day old, within the margin for clocks', DAY + 4, 0, false],
  ['older than what the replica has', 100, NOW - 94, true],
  ['as old as what the replica has', 100, NOW - 100, false],
  ['older than what the replica has, within the margin', 100, NOW - 96, false],
  ['the last of a burst, after five minutes', 306, NOW - 306, true],
  ['the last of a burst, a second later on the clock', 306, NOW - 307, true],
  ['not replicated after five minutes', 306, NOW - 308, false],
  ['the last of a burst, before five minutes', 304, NOW - 304, false],
  ['fresh, with a sync time that is not known', 0, 0, false],
  ['from a clock that is ahead', -3600, NOW, false],
])('a file is on a replica or not: %s', (_name, ageS, lastSyncedS, expected) => {
  expect(shouldHaveFile({ lastSyncedS }, NOW - ageS, NOW)).toBe(expected);
});
