import { expect, it } from 'vitest';
import { FilesError } from '../../../../src/files/errors.ts';
import { findProfile, uploadProfiles } from '../../../../src/files/upload/profiles.ts';
import type { StoredUpload } from '../../../../src/files/upload/stored-upload.ts';

const file: StoredUpload = {
  fileId: 'group1/M00/00/00/x.jpg',
  bucketName: 'files',
  key: 'group1/M00/00/00/x.jpg',
  baseUrl: 'http://h',
  size: 11,
  md5: 'd41d',
  name: 'a.jpg',
  contentType: 'image/jpeg',
  lastModifiedMs: 1_700_000_000_000,
};
const other = { ...file, fileId: 'group2/M00/00/00/y.png', name: 'b.png' };
const url = 'http://h/group1/M00/00/00/x.jpg';

const rendered = (name: string, files: readonly [StoredUpload, ...StoredUpload[]]) =>
  JSON.parse(String(findProfile(name)?.render(files).body));

it('seed: everything that is known, under the words of several clients', () => {
  expect(rendered('seed', [file])).toEqual({
    code: 200,
    message: 'success',
    success: true,
    data: {
      fileId: 'group1/M00/00/00/x.jpg',
      group: 'group1',
      path: 'M00/00/00/x.jpg',
      fullPath: 'group1/M00/00/00/x.jpg',
      key: 'group1/M00/00/00/x.jpg',
      bucket: 'files',
      url,
      downloadUrl: 'http://h/download/group1/M00/00/00/x.jpg',
      size: 11,
      md5: 'd41d',
      name: 'a.jpg',
      contentType: 'image/jpeg',
    },
  });
  expect(rendered('json', [file, other]).data).toMatchObject([
    { group: 'group1' },
    { group: 'group2', fullPath: other.fileId },
  ]);
});

it.each([
  ['storepath', { group: 'group1', path: 'M00/00/00/x.jpg', fullPath: file.fileId }],
  ['php', { group_name: 'group1', filename: 'M00/00/00/x.jpg' }],
  ['ueditor', { state: 'SUCCESS', url, title: 'a.jpg', original: 'a.jpg', type: '.jpg', size: 11 }],
  ['layui', { code: 0, msg: '', data: { src: url, title: 'a.jpg' } }],
  ['wangeditor', { errno: 0, data: [{ url, alt: 'a.jpg', href: '' }] }],
  ['wangeditor5', { errno: 0, data: { url, alt: 'a.jpg', href: url } }],
  ['ckeditor', { uploaded: 1, fileName: 'a.jpg', url }],
  ['tinymce', { location: url }],
])('%s', (name, answer) => {
  expect(rendered(name, [file])).toEqual(answer);
});

it('plain text: a line for each file', () => {
  expect(findProfile('text')?.render([file, other]).body).toBe(`${file.fileId}\n${other.fileId}`);
  expect(findProfile('url')?.render([file]).body).toBe(url);
});

const failure = new FilesError(413, 'Too large.');

it.each([
  ['seed', 413, { code: 413, message: 'Too large.', success: false }],
  ['storepath', 413, { code: 413, message: 'Too large.', success: false }],
  ['ueditor', 200, { state: 'Too large.' }],
  ['layui', 200, { code: 1, msg: 'Too large.', data: {} }],
  ['wangeditor', 200, { errno: 1, message: 'Too large.', data: [] }],
  ['wangeditor5', 200, { errno: 1, message: 'Too large.' }],
  ['ckeditor', 200, { uploaded: 0, error: { message: 'Too large.' } }],
])('%s tells errors with status %i', (name, status, body) => {
  const answer = findProfile(name)?.renderFailure(failure);
  expect(answer?.status).toBe(status);
  expect(JSON.parse(String(answer?.body))).toEqual(body);
});

it('knows no other names', () => {
  expect(findProfile('constructor')).toBeNull();
  expect(findProfile('')).toBeNull();
  expect(Object.keys(uploadProfiles)).toHaveLength(11);
});
