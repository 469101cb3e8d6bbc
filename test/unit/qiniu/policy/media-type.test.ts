import { describe, expect, it } from 'vitest';
import {
  allowsMediaType,
  decideMediaType,
  judgedMediaType,
  type MediaTypeInputs,
} from '../../../../src/qiniu/policy/media-type.ts';
import type { MimeDetection } from '../../../../src/qiniu/policy/put-policy.ts';

const png = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489',
  'hex',
);
const text = Buffer.from('hello');

function inputs(given: Partial<Omit<MediaTypeInputs, 'head'>>, head: Buffer): MediaTypeInputs {
  return { clientType: null, fileName: null, key: null, head: async () => head, ...given };
}

describe('decideMediaType', () => {
  it.each<[MimeDetection, Partial<Omit<MediaTypeInputs, 'head'>>, Buffer, string]>([
    ['client-first', { clientType: 'text/x', fileName: 'a.jpg' }, png, 'text/x'],
    ['client-first', { clientType: 'text/x; charset=utf-8' }, png, 'text/x; charset=utf-8'],
    [
      'client-first',
      { clientType: 'application/octet-stream', fileName: 'a.jpg' },
      png,
      'image/jpeg',
    ],
    ['client-first', { clientType: '', key: 'a.jpg', fileName: 'noext' }, png, 'image/jpeg'],
    ['client-first', { clientType: 'a\r\nb: c', key: 'dir/a.css' }, png, 'text/css'],
    ['client-first', {}, png, 'image/png'],
    ['client-first', {}, text, 'application/octet-stream'],
    ['content-first', { clientType: 'text/x', fileName: 'a.jpg' }, png, 'image/png'],
    ['content-first', { clientType: 'text/x', fileName: 'a.jpg' }, text, 'image/jpeg'],
    ['content-first', { clientType: 'text/x' }, text, 'application/octet-stream'],
    [
      'client-only',
      { clientType: 'application/octet-stream', key: 'a.jpg' },
      png,
      'application/octet-stream',
    ],
    ['client-only', { key: 'a.jpg' }, png, 'application/octet-stream'],
  ])('%s with %j', async (detection, given, head, mediaType) => {
    expect((await decideMediaType(detection, inputs(given, head))).mediaType).toBe(mediaType);
  });
});

it('judges by the content, and by names only where that does not tell', async () => {
  expect(await judgedMediaType(inputs({ fileName: 'a.jpg' }, png))).toBe('image/png');
  expect(await judgedMediaType(inputs({ fileName: 'a.jpg' }, text))).toBe('image/jpeg');
  expect(await judgedMediaType(inputs({}, text))).toBe('application/octet-stream');
});

it.each([
  ['', 'image/png', true],
  ['image/*', 'image/png', true],
  ['image/*', 'imagex/png', false],
  ['image/jpeg; image/PNG', 'image/png', true],
  ['image/jpeg', 'image/png', false],
  ['!image/*', 'image/png', false],
  ['!image/*;text/plain', 'text/plain; charset=utf-8', false],
  ['!image/*', 'text/plain', true],
  ['!', 'text/plain', true],
])('%j lets %s pass: %s', (mimeLimit, mediaType, isAllowed) => {
  expect(allowsMediaType(mimeLimit, mediaType)).toBe(isAllowed);
});
