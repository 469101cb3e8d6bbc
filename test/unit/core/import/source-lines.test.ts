import { describe, expect, it } from 'vitest';
import { describeFile } from '../../../../src/blob-store/read-file-id.ts';
import { readBinlogLine } from '../../../../src/core/import/binlog-lines.ts';
import { readCsvRecord } from '../../../../src/core/import/csv-lines.ts';
import { readExportedLine } from '../../../../src/core/import/exported-object.ts';
import { readListLine } from '../../../../src/core/import/listing-lines.ts';
import { readGivenId } from '../../../../src/core/import/source-lines.ts';
import { encodeFileName } from '../../../../src/fastdfs/protocol/file-name-fields.ts';

const blobs = { describeFile };
const nameOf = (number: number, isAppender = false) =>
  encodeFileName({
    storePathIndex: 0,
    directories: [0, number],
    source: { host: '10.77.1.11' },
    timestamp: 1_700_000_000,
    size: 5,
    crc32: 0x3610a686,
    isAppender,
    extension: 'txt',
    random: { sizeBits: 1, tailDigits: 7 },
  });
const name = nameOf(1);
const fileId = `group1/${name}`;
const slave = `${fileId.slice(0, -4)}_150x150.jpg`;

describe('readGivenId', () => {
  it.each([
    fileId,
    `/${fileId}`,
    `  ${fileId}\t`,
    `http://img.example.com/${fileId}`,
    `https://img.example.com:8888/${fileId}?token=1&ts=2`,
    `${fileId}#top`,
  ])('reads %s', (text) => {
    expect(readGivenId(text, blobs)).toBe(fileId);
  });

  it.each(['', 'group1', `${fileId}/../x`, 'group1/M00/00/00/../../etc/passwd', 'a/b'])(
    'refuses %s',
    (text) => {
      expect(readGivenId(text, blobs)).toBeNull();
    },
  );
});

describe('readListLine', () => {
  const place = { groupName: 'group1', storePathIndex: 0 };

  it.each([
    ['a file ID', fileId, null],
    ['a URL', `http://h/${fileId}`, null],
    ['a path of find in the data directory', `./${name.slice(4)}`, place],
    ['a path of find from elsewhere', `/var/fdfs/data/${name.slice(4)}`, place],
  ])('takes %s', (_what, text, at) => {
    expect(readListLine(text, 7, at, blobs)).toEqual({
      ...{ line: 7, kind: 'row', key: null, fileIds: [fileId], detail: null },
    });
  });

  it('takes slave and appender files, which the search for orphans passes over', () => {
    for (const id of [slave, `group1/${nameOf(2, true)}`]) {
      expect(readListLine(id, 1, null, blobs)).toMatchObject({ kind: 'row', fileIds: [id] });
    }
  });

  it.each([
    ['./sync/binlog.000', "storage servers' own files"],
    [`./${name.slice(4)}-m`, 'metadata files'],
    ['./00/00/000001', 'trunk files, whose contents a listing does not tell'],
  ])('passes %s over', (text, what) => {
    expect(readListLine(text, 1, place, blobs)).toEqual({ line: 1, kind: 'passed-over', what });
  });

  it('says what is missing of a path without its place', () => {
    expect(readListLine(`./${name.slice(4)}`, 3, null, blobs)).toMatchObject({
      ...{ kind: 'malformed', line: 3, problem: expect.stringContaining('--group') },
    });
  });

  it('ignores empty lines, and tells lines that are nothing', () => {
    expect(readListLine('  ', 1, place, blobs)).toBeNull();
    expect(readListLine('hello', 2, place, blobs)).toMatchObject({ kind: 'malformed', line: 2 });
  });
});

describe('readBinlogLine', () => {
  const read = (text: string) => readBinlogLine(text, 9, 'group1', blobs);
  const logged = (id: string, isThere: boolean) => ({
    ...{ line: 9, kind: 'logged', fileId: id, time: 1795211713, isThere },
  });

  it.each(['C', 'c', 'A', 'a', 'M', 'm', 'T', 't', 'L', 'l'])('%s: the file is there', (letter) => {
    const other = 'AMTLamtl'.includes(letter) ? ` ${name}` : '';
    expect(read(`1795211713 ${letter} ${name}${other}`)).toEqual([logged(fileId, true)]);
  });

  it.each(['D', 'd'])('%s: the file is gone', (letter) => {
    expect(read(`1795211713 ${letter} ${name}`)).toEqual([logged(fileId, false)]);
  });

  it.each(['R', 'r'])('%s: the second name is gone, the first one is there', (letter) => {
    const old = nameOf(2, true);
    expect(read(`1795211713 ${letter} ${name} ${old}`)).toEqual([
      logged(`group1/${old}`, false),
      logged(fileId, true),
    ]);
  });

  it.each([`1795211713 U ${name}-m`, `1795211713 D ${name}-m`, `1795211713 C ${name}-m`])(
    'passes changes of metadata over: %s',
    (text) => {
      expect(read(text)).toMatchObject([{ kind: 'passed-over' }]);
    },
  );

  it.each(['', 'C', `C ${name}`, `1795211713 X ${name}`, '1795211713 C 00/00/x', `x C ${name}`])(
    'tells what is none: %s',
    (text) => {
      expect(read(text)).toMatchObject([{ kind: 'malformed', line: 9 }]);
    },
  );
});

describe('readCsvRecord', () => {
  it('takes a key and a file ID, whatever comes behind', () => {
    expect(readCsvRecord(['图/a, "b".jpg', `/${fileId}`, 'more'], 4, blobs)).toEqual({
      ...{ line: 4, kind: 'row', key: '图/a, "b".jpg', fileIds: [fileId], detail: null },
    });
  });

  it('knows a heading', () => {
    expect(readCsvRecord(['Key', 'File ID'], 1, blobs)).toBeNull();
    expect(readCsvRecord(['key', 'file_id'], 1, blobs)).toBeNull();
  });

  it.each([
    [['only'], /one column/],
    [['', fileId], /no key/],
    [['k', 'nothing'], /no file ID/],
    [['a\ufffd', fileId], /UTF-8/],
  ])('tells what is wrong in %j', (fields, problem) => {
    const read = readCsvRecord(fields, 1, blobs);
    expect(read).toMatchObject({ kind: 'malformed', problem: expect.stringMatching(problem) });
  });
});

describe('readExportedLine', () => {
  const read = (values: unknown) => readExportedLine(JSON.stringify(values), 2, blobs);

  it('takes objects of one file, of several, and of none', () => {
    const segments = [
      { fileId, offset: 1, size: 4 },
      { fileId: `group1/${nameOf(3)}`, offset: 0, size: 5 },
    ];
    expect(read({ key: 'a', size: 5, fileId })).toMatchObject({ key: 'a', fileIds: [fileId] });
    expect(read({ key: 'b', size: 9, segments })).toMatchObject({
      fileIds: segments.map((segment) => segment.fileId),
    });
    expect(read({ key: 'c', size: 0 })).toMatchObject({ kind: 'row', fileIds: [] });
  });

  it.each([
    [{ size: 5, fileId }, /key/],
    [{ key: 'a', fileId }, /size/],
    [{ key: 'a', size: 5 }, /0 bytes of 5/],
    [{ key: 'a', size: 6, segments: [{ fileId, offset: 0, size: 5 }] }, /5 bytes of 6/],
    [{ key: 'a', size: 5, fileId: 'x' }, /no file ID/],
    [{ key: 'a', size: 5, fileId, etag: 'a"b' }, /etag/],
  ])('tells what is wrong in %j', (values, problem) => {
    expect(read(values)).toMatchObject({
      ...{ kind: 'malformed', problem: expect.stringMatching(problem) },
    });
  });

  it('tells what is no JSON', () => {
    expect(readExportedLine('{', 1, blobs)).toMatchObject({ problem: 'it is no JSON' });
  });
});
