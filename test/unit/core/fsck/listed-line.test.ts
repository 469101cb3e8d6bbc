import { expect, it } from 'vitest';
import { describeFile } from '../../../../src/blob-store/read-file-id.ts';
import { readListedLine } from '../../../../src/core/fsck/listed-line.ts';
import { encodeFileName } from '../../../../src/fastdfs/protocol/file-name-fields.ts';

const blobs = { describeFile };
const place = { groupName: 'group1', storePathIndex: 0 };

const fields = {
  ...{ storePathIndex: 0, directories: [0, 10] as const, source: { host: '10.77.1.11' } },
  ...{ timestamp: 1_795_211_713, size: 5, crc32: 7, isAppender: false, extension: 'jpg' },
  random: { sizeBits: 0x1234567, tailDigits: 123 },
};
const fileName = encodeFileName(fields);
const path = fileName.slice('M00/'.length);
const fileId = `group1/${fileName}`;
const file = { kind: 'file', fileId, place: 'group1/M00', storedAtMs: 1_795_211_713_000, size: 5 };

it.each([
  `data/${path}`,
  `./${path}`,
  path,
  `/var/fdfs/data/${path}`,
  `/data/data/fdfs/data/${path}`,
  fileId,
])('%s is a stored file', (line) => {
  expect(readListedLine(line, place, blobs)).toEqual(file);
});

it('a file ID says itself where it is, whatever was given', () => {
  const other = { groupName: 'group9', storePathIndex: 3 };
  expect(readListedLine(fileId, other, blobs)).toEqual(file);
  expect(readListedLine(fileId, null, blobs)).toEqual(file);
});

it('a path is a file of the group and store path that were given, and of no other', () => {
  const other = { groupName: 'pictures', storePathIndex: 0x1a };
  const read = readListedLine(`data/${path}`, other, blobs);
  expect(read).toMatchObject({ fileId: `pictures/M1A/${path}`, place: 'pictures/M1A' });
  expect(readListedLine(`data/${path}`, null, blobs)).toEqual({ kind: 'unplaced' });
});

const inTrunk = encodeFileName({
  ...fields,
  trunkSlot: { trunkFileNumber: 1, offset: 0, allocatedSize: 256 },
});
const appender = encodeFileName({ ...fields, isAppender: true });
const slave = path.replace('.jpg', '_150x150.jpg');

it.each([
  ['data/fdfs_storaged.pid', 'server'],
  ['data/storage_stat.dat', 'server'],
  ['./.data_init_flag', 'server'],
  ['/fdfs/data/.fastdfs_vars', 'server'],
  ['data/sync/binlog.000', 'server'],
  ['data/sync/10.77.1.12_23000.mark', 'server'],
  ['group1/M00/sync/binlog_index.dat', 'server'],
  ['data/trunk/binlog', 'server'],
  ['data/storage_trunk.dat', 'server'],
  ['data/.storage_trunk.dat.tmp', 'server'],
  ['data/.binlog.recovery.0', 'server'],
  ['data/.recovery.mark.1', 'server'],
  [`data/${path}-m`, 'metadata'],
  [`data/${slave}-m`, 'metadata'],
  ['data/00/00/000001', 'trunk-container'],
  [`data/${slave}`, 'slave'],
  [`data/${appender.slice(4)}`, 'appender'],
  [`data/${path}.recovery.tmp`, 'temporary'],
  ['data/00/00/notes.txt', 'unknown'],
  ['data/00/00/notes.txt-m', 'unknown'],
  ['data/00/00/.recovery.tmp', 'unknown'],
  [`data/0a/0b/${path.slice(6)}`, 'unknown'],
  [`backup/${path}`, 'unknown'],
  [`data/${path}/${path}`, 'unknown'],
  [`data/00/00/../../${path}`, 'unknown'],
  ['', 'unknown'],
  ['data/', 'unknown'],
  ['group1/M00/', 'unknown'],
  [`data/00/0A/${'A'.repeat(300)}`, 'unknown'],
])('%s is of kind %s', (line, kind) => {
  expect(readListedLine(line, place, blobs)).toMatchObject({ kind });
});

it('a file inside of a trunk file is one that a gateway may have stored', () => {
  const line = `group1/${inTrunk}`;
  expect(readListedLine(line, null, blobs)).toMatchObject({ kind: 'file', fileId: line });
});

it('a slave file and an appender file are told with their IDs', () => {
  const slave = 'group1/M00/00/0A/Ck0BC2sAwcGAI0VnAAAABQAAAAc123_150x150.jpg';
  const read = readListedLine(slave, null, { describeFile });
  expect(read).toEqual({ kind: 'slave', fileId: slave });
});
