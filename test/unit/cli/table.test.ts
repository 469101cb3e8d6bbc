import { expect, it } from 'vitest';
import { renderTable } from '../../../src/cli/table.ts';

it('puts numbers to the right, text to the left and nothing after the last column', () => {
  const table = renderTable(
    ['NAME', 'SIZE', 'NOTE'],
    [
      ['a', 5, ''],
      ['照片', 1234, 'wide'],
    ],
  );
  expect(table.split('\n')).toEqual(['NAME  SIZE  NOTE', 'a        5', '照片  1234  wide']);
});

it('of no rows is its heading', () => {
  expect(renderTable(['NAME', 'ID'], [])).toBe('NAME  ID');
});
