import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { BlobStoreError, type FileStat } from '../../../../src/blob-store/blob-store.ts';
import { describeFile } from '../../../../src/blob-store/read-file-id.ts';
import { batchesOf, importBatch } from '../../../../src/core/import/import-batch.ts';
import type { ImportOptions } from '../../../../src/core/import/import-request.ts';
import { Pace } from '../../../../src/core/pace.ts';
import { orphanAgeMsMin } from '../../../../src/core/write-duration.ts';
import { encodeFileName } from '../../../../src/fastdfs/protocol/file-name-fields.ts';
import type { ImportedObject, ImportOutcome } from '../../../../src/object-index/file-requests.ts';
import type { PlacedRow } from '../../../../src/object-index/import-records.ts';

const NOW_MS = 1_800_000_000_000;
const CONTENT = Buffer.from('hello');

const idOf = (over: Partial<Parameters<typeof encodeFileName>[0]> = {}) =>
  `group1/${encodeFileName({
    storePathIndex: 0,
    directories: [0, 1],
    source: { host: '10.77.1.11' },
    timestamp: 1_700_000_000,
    size: CONTENT.length,
    crc32: 0x3610a686,
    isAppender: false,
    extension: 'png',
    random: { sizeBits: 1, tailDigits: 7 },
    ...over,
  })}`;
const rowOf = (key: string, fileId: string, over: Partial<PlacedRow> = {}): PlacedRow => ({
  ...{ key, fileIds: [fileId], source: 0, line: 1, detail: null, order: 0, uses: [], ...over },
});

let imported: ImportedObject[] = [];
let stats: Map<string, FileStat | BlobStoreError>;
let asked: string[] = [];
let reads: string[] = [];

beforeEach(() => {
  imported = [];
  stats = new Map();
  asked = [];
  reads = [];
});

const core = {
  now: () => NOW_MS,
  blobs: {
    describeFile,
    statFile: async (fileId: string) => {
      asked.push(fileId);
      const stat = stats.get(fileId) ?? new BlobStoreError('not-found', 'it is not there');
      if (stat instanceof BlobStoreError) throw stat;
      return stat;
    },
    open: async ([piece]: { fileId: string }[]) => {
      reads.push(piece?.fileId ?? '');
      return [CONTENT];
    },
  },
  index: {
    findObject: async () => null,
    importObjects: async ({ objects }: { objects: readonly ImportedObject[] }) => {
      imported.push(...objects);
      const outcomes: ImportOutcome[] = objects.map(() => 'imported');
      return { outcome: 'done', outcomes };
    },
  },
} as unknown as Parameters<typeof importBatch>[0];

const options = (over: Partial<ImportOptions> = {}): ImportOptions => ({
  bucket: { id: 1, settings: {}, hasObjectLock: false } as unknown as ImportOptions['bucket'],
  ...{
    ownerId: 'owner',
    overwrites: false,
    isDryRun: false,
    checks: false,
    readsMd5: false,
    isForeign: false,
  },
  ...{ concurrencyMax: 4, questionPace: new Pace(1e9), bytePace: new Pace(1e12), ...over },
});
const run = async (rows: PlacedRow[], over: Partial<ImportOptions> = {}) =>
  await importBatch(core, rows, options(over), new AbortController().signal);

describe('importBatch', () => {
  it('makes an object of what the ID of a file tells, and asks nobody', async () => {
    const fileId = idOf();
    expect(await run([rowOf('a.png', fileId)])).toMatchObject([{ outcome: 'imported' }]);
    expect(imported).toMatchObject([
      {
        ...{ key: 'a.png', size: 5, etag: '3610a686-5-fdfs', ownerId: 'owner' },
        headers: { 'content-type': 'image/png' },
        checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'NhCmhg==' },
        lastModifiedMs: 1_700_000_000_000,
        segments: [{ fileId, fileOffset: 0, size: 5 }],
      },
    ]);
    expect(asked).toEqual([]);
  });

  it('takes the content type of the key before that of the file', async () => {
    await run([rowOf('a.css', idOf()), rowOf('b', idOf())]);
    expect(imported.map(({ headers }) => headers['content-type'])).toEqual([
      'text/css',
      'image/png',
    ]);
  });

  it('asks for the size of slave and appender files, and tells those that are not there', async () => {
    const slave = idOf().replace('.png', '_150x150.png');
    const appender = idOf({ isAppender: true });
    stats.set(slave, { size: 9, modifiedAtMs: 1_700_000_001_000, crc32: 1 });
    const results = await run([rowOf('a', slave), rowOf('b', appender)]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['imported', 'missing']);
    expect(imported).toMatchObject([{ size: 9, etag: '00000001-9-fdfs' }]);
  });

  it('asks for every file when it is to check', async () => {
    const [good, short, gone, unknown] = [1, 2, 3, 4].map((directory) =>
      idOf({ directories: [0, directory] }),
    ) as [string, string, string, string];
    stats.set(good, { size: 5, modifiedAtMs: 0, crc32: null });
    stats.set(short, { size: 4, modifiedAtMs: 0, crc32: null });
    stats.set(unknown, new BlobStoreError('unavailable', 'nobody answers'));
    const rows = [good, short, gone, unknown].map((fileId, at) => rowOf(`k${at}`, fileId));
    const results = await run(rows, { checks: true });
    expect(results.map(({ outcome }) => outcome)).toEqual([
      ...['imported', 'damaged', 'missing', 'unavailable'],
    ]);
  });

  it('refuses files that a write may be about to refer to', async () => {
    const timestamp = (NOW_MS - orphanAgeMsMin) / 1000 + 1;
    const young = idOf({ timestamp, extension: '' });
    const known = [{ fileId: young, places: [{ bucketId: 1, key: 'x' }] }];
    const results = await run([
      rowOf('young', young),
      rowOf('known', young, { uses: known }),
      rowOf('named', idOf({ timestamp })),
      rowOf('old', idOf({ timestamp: timestamp - 1, extension: '' })),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual([
      ...['too-new', 'imported', 'imported', 'imported'],
    ]);
    expect(await run([rowOf('young', young)], { isForeign: true })).toMatchObject([
      { outcome: 'imported' },
    ]);
  });

  it('reads files for their MD5 when it is to, but for a dry run', async () => {
    await run([rowOf('a', idOf())], { readsMd5: true, isDryRun: true });
    expect(reads).toEqual([]);
    await run([rowOf('a', idOf())], { readsMd5: true });
    expect(imported.at(-1)?.etag).toBe(createHash('md5').update(CONTENT).digest('hex'));
  });

  it('gives empty files an object without a file', async () => {
    await run([rowOf('empty', idOf({ size: 0, crc32: 0 }))]);
    expect(imported).toMatchObject([
      { size: 0, segments: [], checksum: null, etag: createHash('md5').digest('hex') },
    ]);
  });

  it('refuses keys that no object can have', async () => {
    const results = await run([rowOf('x'.repeat(1025), idOf()), rowOf('a\0b', idOf())]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['malformed', 'malformed']);
  });

  it('takes what an export tells, unless the file is shorter', async () => {
    const fileId = idOf();
    const detail = { size: 3, segments: [{ fileId, offset: 1, size: 3 }], etag: 'e'.repeat(32) };
    const of = (values: object) => ({ detail: JSON.stringify(values) });
    const results = await run([
      rowOf('a', fileId, of({ ...detail, headers: { 'cache-control': 'no-store' } })),
      rowOf('b', fileId, of({ ...detail, segments: [{ fileId, offset: 3, size: 3 }] })),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['imported', 'damaged']);
    expect(imported).toMatchObject([
      {
        ...{ size: 3, etag: 'e'.repeat(32), headers: { 'cache-control': 'no-store' } },
        segments: [{ fileId, fileOffset: 1, size: 3, hasMoreBehind: true }],
      },
    ]);
  });
});

describe('batchesOf', () => {
  it('never has a key twice in a batch', () => {
    const rows = ['a', 'b', 'b', 'c'].map((key, order) => rowOf(key, 'f', { order }));
    expect([...batchesOf(rows)].map((batch) => batch.map(({ key }) => key))).toEqual([
      ['a', 'b'],
      ['b', 'c'],
    ]);
  });
});
