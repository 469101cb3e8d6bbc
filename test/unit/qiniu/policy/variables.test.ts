import { expect, it } from 'vitest';
import {
  bodyVariables,
  keyVariables,
  type UploadFacts,
} from '../../../../src/qiniu/policy/variables.ts';

const facts: UploadFacts = {
  bucketName: 'demo-bucket',
  qetag: 'Fhash',
  size: 11,
  mediaType: 'image/png',
  isMediaTypeSniffed: false,
  fileName: 'dir/七 牛.JPG',
  endUser: 'u1',
  customVariables: new Map([['x:user', 'v']]),
  imageInfo: { format: 'png', width: 3, height: 4, colorModel: 'nrgba' },
};

it.each([
  ['bucket', 'demo-bucket'],
  ['key', 'a'],
  ['etag', 'Fhash'],
  ['fsize', 11],
  ['mimeType', 'image/png'],
  ['fname', 'dir/七 牛.JPG'],
  ['fprefix', 'dir/七 牛'],
  ['ext', '.JPG'],
  ['endUser', 'u1'],
  ['x:user', 'v'],
  ['x:other', null],
  ['imageInfo', facts.imageInfo],
  ['imageInfo.width', 3],
  ['imageInfo.toString', null],
  ['exif', null],
  ['persistentId', null],
  ['year', null],
  ['constructor', null],
])('$(%s) of a body is %j', (name, value) => {
  expect(bodyVariables(facts, 'a')(name)).toEqual(value);
});

it.each([
  ['year', '2026'],
  ['mon', '01'],
  ['day', '02'],
  ['hour', '03'],
  ['min', '04'],
  ['sec', '05'],
  ['etag', 'Fhash'],
  ['key', null],
  ['uuid', null],
])('$(%s) of a key is %j', (name, value) => {
  const nowMs = Date.parse('2026-01-02T03:04:05+08:00');
  expect(keyVariables(facts, nowMs, 'Asia/Shanghai')(name)).toBe(value);
});

it('takes the extension from the content where that was looked at, else from the name', () => {
  const ext = (changed: Partial<UploadFacts>) =>
    bodyVariables({ ...facts, ...changed }, 'a')('ext');
  expect(ext({ isMediaTypeSniffed: true })).toBe('.png');
  expect(ext({ fileName: null })).toBe('.png');
  expect(ext({ fileName: 'noext', mediaType: 'application/octet-stream' })).toBeNull();
});

it('says nothing of what it does not know', () => {
  const find = bodyVariables({ ...facts, fileName: null, endUser: '', imageInfo: null }, null);
  for (const name of ['fname', 'fprefix', 'endUser', 'imageInfo', 'imageInfo.width', 'key']) {
    expect(find(name)).toBeNull();
  }
});

it('gives one body one uuid', () => {
  const find = bodyVariables(facts, 'a');
  expect(find('uuid')).toMatch(/^[0-9a-f-]{36}$/);
  expect(find('uuid')).toBe(find('uuid'));
});
