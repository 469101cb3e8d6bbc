import { expect, it } from 'vitest';
import { baseName, fileIdExtension } from '../../../../src/files/upload/file-names.ts';
import { fileIdOf } from '../../../../src/files/upload/file-reference.ts';

it.each([
  ['a.jpg', 'jpg'],
  ['照片.JPG', 'JPG'],
  ['a.b.tar.gz', 'tar.gz'],
  ['a.tar.bz2', 'bz2'],
  ['a', ''],
  ['.bashrc', ''],
  ['a.', ''],
  ['a.geojson', ''],
  ['a.照片', ''],
  ['a.j g', ''],
  ['dir.d/name', ''],
  ['C:\\pictures.old\\a.png', 'png'],
  ['', ''],
])('%s has the extension %j', (name, extension) => {
  expect(fileIdExtension(name)).toBe(extension);
});

it.each([
  ['a/b/c.jpg', 'c.jpg'],
  ['C:\\a\\c.jpg', 'c.jpg'],
  ['c.jpg', 'c.jpg'],
  ['../', ''],
])('%s is named %j', (fileName, name) => {
  expect(baseName(fileName)).toBe(name);
});

const fileId = 'group1/M00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg';

it.each([
  fileId,
  `/${fileId}`,
  `http://files.example.com:8888/${fileId}?token=1&ts=2`,
  `https://files.example.com/download/${fileId}`,
  `/fastdfs//${fileId}#x`,
  fileId.replaceAll('/', '%2F'),
])('finds the file ID in %s', (reference) => {
  expect(fileIdOf(reference)).toBe(fileId);
});

it.each([
  '',
  'group1',
  'group1/M00/00/00/short.jpg',
  `${fileId}-m`,
  `${fileId}/x`,
  fileId.replace('M00/00', 'M00/../00'),
  fileId.replace('group1', 'group_1'),
  fileId.replace('/00/00/', '/0a/00/'),
])('finds none in %s', (reference) => {
  expect(fileIdOf(reference)).toBeNull();
});
