import { expect, it } from 'vitest';
import { imageInfo } from '../../../../src/qiniu/policy/image-info.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

it.each([
  [
    'PNG',
    hex('89504e470d0a1a0a 0000000d 49484452 00000003 00000004 08 06 000000 00000000'),
    { format: 'png', width: 3, height: 4, colorModel: 'nrgba' },
  ],
  [
    'GIF',
    hex('474946383961 0300 0400 80 00 00 000000 ffffff 2c'),
    { format: 'gif', width: 3, height: 4, colorModel: 'palette' },
  ],
  [
    'JPEG',
    hex(
      `ffd8 ffe0 0010 4a464946000101000001000100 00 ffc0 0011 08 0004 0003 03 012200 021101 031101 ${'00'.repeat(64)}`,
    ),
    { format: 'jpeg', width: 3, height: 4, colorModel: 'ycbcr' },
  ],
])('tells what a %s is', (_format, head, info) => {
  expect(imageInfo(head)).toEqual(info);
});

it.each([
  ['text', Buffer.from('hello kodo\n')],
  ['nothing', Buffer.alloc(0)],
  ['a cut JPEG', hex('ffd8ffe0')],
  ['a form that is not asked for', Buffer.from('II*\0\x08\0\0\0\x01\0')],
])('knows nothing of %s', (_what, head) => {
  expect(imageInfo(head)).toBeNull();
});
