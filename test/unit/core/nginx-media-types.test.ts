import { expect, it } from 'vitest';
import { nginxMediaTypeOf } from '../../../src/core/nginx-media-types.ts';

it.each([
  ['a.js', 'application/javascript'],
  ['a.xml', 'text/xml'],
  ['a.ico', 'image/x-icon'],
  ['a.exe', 'application/octet-stream'],
  ['a.mp4', 'video/mp4'],
  ['a.woff2', 'font/woff2'],
  ['a.JPG', 'image/jpeg'],
  ['a.flv', 'video/x-flv'],
  ['a.apk', 'application/vnd.android.package-archive'],
  ['M00/00/00/Ck0BC2sAyKqAPGfzAAAAAAAAAAA0813921', 'application/octet-stream'],
  ['a.x-y_z', 'application/octet-stream'],
])('%s is %s', (name, type) => {
  expect(nginxMediaTypeOf(name)).toBe(type);
});
