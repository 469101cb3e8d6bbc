import { expect, it } from 'vitest';
import { findUploadRoute } from '../../../../src/files/upload/upload-routes.ts';
import type { UploadSettings } from '../../../../src/files/upload/upload-settings.ts';

const settings: UploadSettings = {
  bucketName: 'files',
  appBuckets: new Map(),
  fileSizeBytesMax: 1,
  publicUrl: null,
  always200: false,
  profilePaths: new Map([
    ['/ueditor/upload', 'ueditor'],
    ['/upload', 'url'],
  ]),
  allowedOrigin: null,
};
const plain = { ...settings, profilePaths: new Map() };

it.each([
  ['/upload', { kind: 'upload', profileName: 'seed' }],
  ['//upload/', { kind: 'upload', profileName: 'seed' }],
  ['/file/upload', { kind: 'upload', profileName: 'storepath' }],
  ['/upload.php', { kind: 'upload', profileName: 'php' }],
  ['/delete', { kind: 'delete', reference: null }],
  ['/delete/group1/M00/00/00/x', { kind: 'delete', reference: 'group1/M00/00/00/x' }],
  ['/group1/upload', { kind: 'go-fastdfs', groupName: 'group1', endpoint: 'upload' }],
  ['/g9/get_file_info', { kind: 'go-fastdfs', groupName: 'g9', endpoint: 'get_file_info' }],
  ['/group1/big/upload/', { kind: 'go-fastdfs', groupName: 'group1', endpoint: 'big/upload' }],
])('%s is %o', (path, route) => {
  expect(findUploadRoute(path, plain)?.route).toEqual(route);
});

it.each([
  '/',
  '/uploads',
  '/group1/M00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg',
  '/group1/M00/upload',
  '/download/group1/M00/00/00/x',
  '/constructor',
  '/group_1/upload',
])('%s is about something else', (path) => {
  expect(findUploadRoute(path, plain)).toBeNull();
});

it('lets the operator name paths, also those that are there', () => {
  expect(findUploadRoute('/ueditor/upload', settings)?.route).toEqual({
    kind: 'upload',
    profileName: 'ueditor',
  });
  expect(findUploadRoute('/upload', settings)?.route).toMatchObject({ profileName: 'url' });
});
