import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../../src/fastdfs/protocol/errors.ts';
import {
  dataPathOf,
  extensionOf,
  formatFileId,
  isExtension,
  isFileName,
  isSlavePrefix,
  parseFileId,
  slaveFileName,
  storePathIndexOf,
} from '../../../../src/fastdfs/protocol/file-id.ts';

const STEM = 'M00/01/0E/Ck0BC2sAyKuAeKB2AAAD6Oq_UCo';

describe('parseFileId', () => {
  it('splits the group from the name', () => {
    const parts = parseFileId(`group1/${STEM}693.jpg`);
    expect(parts).toEqual({ groupName: 'group1', fileName: `${STEM}693.jpg` });
    expect(formatFileId(parts)).toBe(`group1/${STEM}693.jpg`);
  });

  it.each([
    ['no group', `${STEM}693.jpg`],
    ['an empty group', `/${STEM}693.jpg`],
    ['a group of 17 characters', `${'g'.repeat(17)}/${STEM}693.jpg`],
    ['a group with a dash', `group-1/${STEM}693.jpg`],
    ['no text at all', ''],
    ['a name in lower-case directories', 'group1/M00/0a/00/Ck0BC2sAyKuAeKB2AAAD6Oq_UCo693.jpg'],
    ['a name without store path', 'group1/00/00/Ck0BC2sAyKuAeKB2AAAD6Oq_UCo693.jpg'],
    ['a store path that is not hexadecimal', 'group1/M0G/00/00/Ck0BC2sAyKuAeKB2AAAD6Oq_UCo693.jpg'],
    ['a name that is too short', 'group1/M00/00/00/Ck0BC2sAyKuAeKB2AAAD6Oq_UC'],
    ['a name of 128 characters', `group1/${STEM.padEnd(128, '0')}`],
    ['a parent directory', 'group1/M00/00/00/../../../../../../etc/passwd-0000000000'],
    ['a parent directory at the end', `group1/${STEM}/..`],
    ['a slash in the name', `group1/${STEM}69/3.jpg`],
    ['a backslash in the name', `group1/${STEM}69\\3.jpg`],
    ['a NUL in the name', `group1/${STEM}69\0.jpg`],
    ['a line feed behind the name', `group1/${STEM}693.jpg\n`],
    ['a percent sign', `group1/${STEM}69%2F`],
  ])('refuses %s', (_, fileId) => {
    expect(() => parseFileId(fileId)).toThrow(ProtocolError);
  });

  it('takes names of 37 to 127 characters', () => {
    expect(isFileName(STEM)).toBe(true);
    expect(isFileName(STEM.padEnd(127, '0'))).toBe(true);
  });
});

describe('dataPathOf', () => {
  it('leaves out the store path', () => {
    expect(dataPathOf(`${STEM}693.jpg`)).toBe('01/0E/Ck0BC2sAyKuAeKB2AAAD6Oq_UCo693.jpg');
    expect(storePathIndexOf(`MFE${STEM.slice(3)}`)).toBe(254);
  });

  it('never leads out of the data directory', () => {
    const pieces = fc.constantFrom(
      'M00',
      '00',
      'FF',
      '..',
      '.',
      '/',
      '\\',
      '\0',
      STEM,
      STEM.slice(10),
      '%2e',
    );
    const names = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
    const slashed = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(fc.oneof(names, slashed), (name) => {
        if (!isFileName(name)) {
          expect(() => dataPathOf(name)).toThrow(ProtocolError);
          return;
        }
        const path = posix.resolve('/data', dataPathOf(name));
        expect(path).toMatch(/^\/data\/[0-9A-F]{2}\/[0-9A-F]{2}\/[^/]+$/);
      }),
      { numRuns: 2000 },
    );
  });
});

it.each([
  ['693.jpg', 'jpg'],
  ['.tar.gz', 'tar.gz'],
  ['.abcdef', 'abcdef'],
  ['0813921', ''],
])('extensionOf a name that ends in %s is %j', (tail, extension) => {
  expect(extensionOf(STEM + tail)).toBe(extension);
});

it.each([
  ['292.txt', '_150x150', 'jpg', '292_150x150.jpg'],
  ['292.txt', '_raw', '', '292_raw'],
  ['.tar.gz', '_s', 'tar.gz', '_s.tar.gz'],
  ['3701413', '-t', 'png', '3701413-t.png'],
  ['3701413', '_s', '', '3701413_s'],
  ['292_150x150.jpg', '_2', 'jpg', '292_150x150_2.jpg'],
])('a slave of %s with %s and %j ends in %s', (tail, prefix, extension, slaveTail) => {
  expect(slaveFileName(STEM + tail, prefix, extension)).toBe(STEM + slaveTail);
});

it.each(['a/b', 'a b', 'é', '\0', 'seven77'])('%j is no extension', (text) => {
  expect(isExtension(text)).toBe(false);
});

it.each(['', 'a/b', 'seventeen-letters', '..\\'])('%j is no slave prefix', (text) => {
  expect(isSlavePrefix(text)).toBe(false);
});
