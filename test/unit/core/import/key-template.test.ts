import { describe, expect, it } from 'vitest';
import { describeFile } from '../../../../src/blob-store/read-file-id.ts';
import { importedEtag } from '../../../../src/core/import/imported-etag.ts';
import { KeyTemplate } from '../../../../src/core/import/key-template.ts';

const fileId = 'group1/M00/00/1F/Ck0BC2sBj1-AMcWJAAAACgNlF4M717.txt';

describe('KeyTemplate', () => {
  it.each([
    ['{id}', fileId],
    ['old/{path}', 'old/M00/00/1F/Ck0BC2sBj1-AMcWJAAAACgNlF4M717.txt'],
    ['{group}/{yyyy}/{mm}/{dd}/{name}', 'group1/2026/11/21/Ck0BC2sBj1-AMcWJAAAACgNlF4M717.txt'],
    ['{ext}/{name}', 'txt/Ck0BC2sBj1-AMcWJAAAACgNlF4M717.txt'],
  ])('%s', (template, key) => {
    expect(new KeyTemplate(template, { describeFile }).keyOf(fileId)).toBe(key);
  });

  it.each([
    ['{nam}', /\{nam\} is nothing/],
    ['{group}/{ext}', /would share a key/],
    ['photos', /would share a key/],
  ])('refuses %s', (template, problem) => {
    expect(() => new KeyTemplate(template, { describeFile })).toThrow(problem);
  });
});

describe('importedEtag', () => {
  it('tells CRC-32 and size, and is no MD5 and no multipart ETag', () => {
    expect(importedEtag(fileId, 10, 0x36178)).toBe('00036178-10-fdfs');
    expect(importedEtag(fileId, 10, null)).toMatch(/^f-[0-9a-f]{8}-10-fdfs$/);
    expect(importedEtag(`${fileId}x`, 10, null)).not.toBe(importedEtag(fileId, 10, null));
  });
});
