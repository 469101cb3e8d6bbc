import { expect, it } from 'vitest';
import { UsageError } from '../../../src/cli/failures.ts';
import { readOrphansOptions } from '../../../src/cli/fsck-orphans-options.ts';

const orphans = ['a.list', '-'];

it('repairs nothing, and leaves the files of a day alone, unless it is told otherwise', () => {
  expect(readOrphansOptions({ orphans })).toEqual({
    ...{ listings: orphans, place: null, ageMsMin: 86_400_000, out: null },
    ...{ repairs: false, repairsAfterRestore: false },
  });
});

it('takes the place of plain paths', () => {
  const { place } = readOrphansOptions({ orphans, group: 'group1', storePath: '10' });
  expect(place).toEqual({ groupName: 'group1', storePathIndex: 10 });
});

it.each([
  [{ repair: true }, '--only-this-gateway'],
  [{ group: 'group1' }, '--store-path'],
  [{ storePath: '0' }, '--group'],
  [{ group: 'group/1', storePath: '0' }, '--group must'],
  [{ group: 'group1', storePath: '256' }, '--store-path must'],
  [{ group: 'group1', storePath: '0A' }, '--store-path must'],
  [{ group: 'group1', storePath: '' }, '--store-path must'],
  [{ olderThan: '12h' }, '--older-than must be a duration of 13h or more'],
  [{ olderThan: '2' }, '--older-than must'],
])('%j is refused', (options, problem) => {
  const read = () => readOrphansOptions({ orphans, ...options });
  expect(read).toThrow(UsageError);
  expect(read).toThrow(problem);
});
