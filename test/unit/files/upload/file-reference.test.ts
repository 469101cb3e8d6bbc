import { expect, it } from 'vitest';
import { fileIdOf } from '../../../../src/files/upload/file-reference.ts';

const fileId = 'group1/M00/00/00/CgAAAWVkZGZBAAAAAAAAAAAAAAA123.jpg';

it.each([
  fileId,
  `/${fileId}`,
  `http://files.example.com/${fileId}?token=1&ts=2`,
  `https://files.example.com/download/${fileId.replaceAll('/', '%2F')}#top`,
])('is the file ID of %s', (reference) => {
  expect(fileIdOf(reference)).toBe(fileId);
});

it.each([
  ['nothing', ''],
  ['metadata', `${fileId}-m`],
  ['another path', '/upload/a.jpg'],
  // Nobody is to keep a gateway busy with it.
  ['endless queries', `${'?'.repeat(300_000)}\n`],
  ['an endless path', `${'/a'.repeat(3000)}/${fileId}`],
])('is no file ID in %s', (_, reference) => {
  expect(fileIdOf(reference)).toBeNull();
});
