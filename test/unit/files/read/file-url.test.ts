import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFileUrl } from '../../../../src/files/read/file-url.ts';

const name = 'M00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg';
const fileId = `group1/${name}`;
const rules = { defaultGroup: null, prefixes: ['fastdfs', 'static/img'] };
const parse = (path: string, defaultGroup: string | null = null) =>
  parseFileUrl(path, { ...rules, defaultGroup });

describe('a file', () => {
  it.each([
    `/${fileId}`,
    `//${fileId}`,
    `///${fileId}`,
    `/fastdfs/${fileId}`,
    `/fastdfs//${fileId}`,
    `//static/img/${fileId}`,
    `/download/${fileId}`,
    `/download//${fileId}`,
    `/fastdfs/download/${fileId}`,
    `/download/${encodeURIComponent(fileId)}`,
    `/group1/%4d00/00/00/${name.slice(10)}`,
  ])('%s', (path) => {
    expect(parse(path)).toMatchObject({ fileId, groupName: 'group1', fileName: name });
  });

  it.each([`/${name}`, `//${name}`, `/download/${name}`])('of the default group: %s', (path) => {
    expect(parse(path, 'group1')).toMatchObject({ fileId });
    expect(parse(path)).toBe('malformed');
  });

  it.each([
    ['in group10 and the third store path', `/group10/M02/0A/FF/${name.slice(10)}`],
    ['without extension', '/g/M00/00/00/Ck0BC2sAyKqAPGfzAAAAAAAAAAA0813921'],
    ['a slave', `/group1/${name.replace('.jpg', '_150x150.jpg')}`],
    ['in a trunk file', '/group1/M00/00/00/Ck0BC2sAwcGIAA8AAAAAAfvbJhUAAAABAAAAAAAAAQA7723416'],
  ])('%s', (_name, path) => {
    expect(parse(path)).toMatchObject({ fileId: path.slice(1), isDownload: false });
  });

  it('knows that it is asked for as a download', () => {
    expect(parse(`/download/${fileId}`)).toMatchObject({ isDownload: true });
    expect(parse(`/fastdfs/${fileId}`)).toMatchObject({ isDownload: false });
  });
});

describe('refused', () => {
  it.each([
    ['lower-case digits of a directory', '/group1/M00/0a/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg'],
    ['lower-case digits of a store path', '/group1/M0a/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg'],
    ['a small m', '/group1/m00/00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg'],
    ['a name that is too short', '/group1/M00/00/00/fwAAAWVT8QAAAAAAAAAD6H.jpg'],
    ['a name of 128 characters', `/group1/${name}${'a'.repeat(128 - name.length)}`],
    ['a letter that names have not', '/group1/M00/00/00/fwAAAWVT8QAAAAAAAA+D6HIXRqY012.jpg'],
    ['a slash more', '/group1/M00//00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg'],
    ['a slash behind the group', `/group1//${name}`],
    ['a slash at the end', `/${fileId}/`],
    ['a directory less', '/group1/M00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg'],
    ['a group of 17 letters', `/${'g'.repeat(17)}/${name}`],
    ['a group with a dash', `/group-1/${name}`],
    ['..', '/group1/M00/00/../fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg'],
    ['.. to another group', `/group1/../group2/${name}`],
    ['.. in front', `/../${fileId}`],
    ['.. written in hexadecimal', '/group1/M00/%2e%2e/%2E./fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg'],
    ['.. behind /download/', `/download/..%2f..%2fetc/passwd`],
    ['/etc/passwd', `/group1/M00/00/00/../../../../../../etc/passwd`],
    ['a slash in hexadecimal', `/group1%2f${name}`],
    ['a slash inside of the name', '/group1/M00%2F00/00/fwAAAWVT8QAAAAAAAAAD6HIXRqY012.jpg'],
    ['twice encoded', `/download/${encodeURIComponent(encodeURIComponent(fileId))}/M00`],
    ['a NUL', `/${fileId}%00.jpg`],
    ['a line break', `/${fileId}%0a`],
    ['a backslash', `/group1\\M00\\00\\00\\x`],
    ['half an encoding', `/${fileId}%4`],
    ['what is no UTF-8', `/${fileId}%ff`],
    ['a path of 512 characters', `/${'a/'.repeat(256)}`],
  ])('%s', (_name, path) => {
    expect(parse(path, 'group1')).toBe('malformed');
  });

  it('metadata', () => {
    expect(parse(`/${fileId}-m`)).toBe('metadata');
  });

  it.each(['/', '/robots.txt', '/upload', '/group1/upload', '/group1/default/20240101/a.jpg'])(
    'another path: %s',
    (path) => {
      expect(parse(path)).toBe('no-file');
    },
  );

  it('whatever leads out of the directories of storage servers', () => {
    const piece = fc.constantFrom(
      ...['..', '.', '/', '%2f', '%2e', '%00', 'M00', '00', 'group1', 'download', 'fastdfs'],
      ...[name.slice(10), '\\', '%5c', '%252f', 'a'],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const parsed = parse(`/${pieces.join('')}`, 'group1');
        if (typeof parsed === 'string') return true;
        const segments = parsed.fileId.split('/');
        return segments.length === 5 && !segments.includes('..') && !segments.includes('.');
      }),
    );
  });
});
