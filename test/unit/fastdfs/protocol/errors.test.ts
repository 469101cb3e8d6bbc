import { expect, it } from 'vitest';
import { statusName, statusText } from '../../../../src/fastdfs/protocol/errors.ts';
import { storageStatusName } from '../../../../src/fastdfs/protocol/storage-status.ts';

it('names the statuses that servers answer', () => {
  expect([2, 16, 22, 28, 95].map(statusName)).toEqual([
    'ENOENT',
    'EBUSY',
    'EINVAL',
    'ENOSPC',
    'EOPNOTSUPP',
  ]);
});

it('gives the number of a status without a name', () => {
  expect(statusName(77)).toBe('errno 77');
  expect(statusText(77)).toContain('77');
});

it('explains a status', () => {
  expect(statusText(28)).toBe('status 28 (ENOSPC: no space left)');
});

it('names the states of storage servers', () => {
  expect([0, 7, 99, 8].map(storageStatusName)).toEqual(['INIT', 'ACTIVE', 'NONE', 'status 8']);
});
