import { describe, expect, it } from 'vitest';
import {
  extensionOfMediaType,
  extensionOfName,
  mediaTypeOfName,
  sniffMediaType,
} from '../../../src/core/media-types.ts';

describe('mediaTypeOfName', () => {
  it.each([
    ['a.jpg', 'image/jpeg'],
    ['photos/2026/A.JPEG', 'image/jpeg'],
    ['video.mp4', 'video/mp4'],
    ['C:\\docs\\page.html', 'text/html'],
    ['json', null],
    ['dir.html/file', null],
    ['.png', null],
    ['a.bin', null],
    ['a.unheard-of', null],
    ['', null],
  ])('%s is %s', (name, mediaType) => {
    expect(mediaTypeOfName(name)).toBe(mediaType);
  });
});

describe('extensionOfName', () => {
  it.each([
    ['a/b.c/d.TXT', '.TXT'],
    ['archive.tar.gz', '.gz'],
    ['noext', ''],
    ['C:\\x.y\\z', ''],
  ])('of %s is %j', (name, extension) => {
    expect(extensionOfName(name)).toBe(extension);
  });
});

describe('extensionOfMediaType', () => {
  it.each([
    ['image/jpeg', '.jpg'],
    ['audio/mpeg', '.mp3'],
    ['application/octet-stream', ''],
    ['x/unknown', ''],
  ])('of %s is %j', (mediaType, extension) => {
    expect(extensionOfMediaType(mediaType)).toBe(extension);
  });
});

describe('sniffMediaType', () => {
  const png = Buffer.from(
    '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489',
    'hex',
  );

  it.each([
    ['a PNG', png, 'image/png'],
    ['a PDF', Buffer.from('%PDF-1.7\n'), 'application/pdf'],
    ['a cut PNG', png.subarray(0, 9), null],
    ['text', Buffer.from('hello kodo\n'), null],
    ['nothing', Buffer.alloc(0), null],
  ])('knows %s', async (_what, head, mediaType) => {
    expect(await sniffMediaType(head)).toBe(mediaType);
  });
});
