import { describe, expect, it } from 'vitest';
import { attachmentNamed } from '../../../src/http/content-disposition.ts';

describe('a download', () => {
  it.each([
    ['cat.jpg', `attachment; filename="cat.jpg"; filename*=UTF-8''cat.jpg`],
    ['下载.jpg', `attachment; filename="__.jpg"; filename*=UTF-8''%E4%B8%8B%E8%BD%BD.jpg`],
    ['a b.txt', `attachment; filename="a b.txt"; filename*=UTF-8''a%20b.txt`],
    ['dir/cat.jpg', `attachment; filename="cat.jpg"; filename*=UTF-8''cat.jpg`],
    ['C:\\pics\\cat.jpg', `attachment; filename="cat.jpg"; filename*=UTF-8''cat.jpg`],
    [
      `it's (1)*.txt`,
      `attachment; filename="it's (1)*.txt"; filename*=UTF-8''it%27s%20%281%29%2A.txt`,
    ],
    ['100%"x".txt', `attachment; filename="100__x_.txt"; filename*=UTF-8''100%25%22x%22.txt`],
    [
      'a\r\nSet-Cookie: b=1',
      `attachment; filename="aSet-Cookie: b=1"; filename*=UTF-8''aSet-Cookie%3A%20b%3D1`,
    ],
    ['gpj.\u202etac.exe', `attachment; filename="gpj.tac.exe"; filename*=UTF-8''gpj.tac.exe`],
    ['\ud800a', `attachment; filename="a"; filename*=UTF-8''a`],
    ['', null],
    ['dir/', null],
    ['\r\n', null],
  ])('as %j is named %j', (name, header) => {
    expect(attachmentNamed(name)).toBe(header);
  });

  it('has a name of 255 bytes at most, without half a character', () => {
    const header = attachmentNamed('图'.repeat(100)) ?? '';
    expect(decodeURIComponent(header.split("''")[1] ?? '')).toBe('图'.repeat(85));
  });
});
