import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../../src/fastdfs/protocol/errors.ts';
import { isFileName, parseFileId } from '../../../../src/fastdfs/protocol/file-id.ts';
import {
  decodeFileName,
  encodeFileName,
  type FileKind,
  type NewFileName,
} from '../../../../src/fastdfs/protocol/file-name-fields.ts';
import { readFixture } from '../../../support/wire-vectors.ts';

interface FileIdVector {
  readonly fileId: string;
  readonly kind: string;
  readonly uploadedSize: number;
  readonly extName: string;
  readonly fields: {
    readonly sourceBytes: readonly number[];
    readonly timestamp: number;
    readonly sizeField: string;
    readonly crc32: string;
    readonly trunk?: {
      readonly fileId: number;
      readonly offset: number;
      readonly allocSize: number;
    };
  };
  readonly fdfsFileInfo: {
    readonly error?: number;
    readonly fileType?: string;
    readonly sourceStorageId?: number;
    readonly sourceIpAddress?: string;
    readonly createTimestamp?: number;
    readonly fileSize?: number;
    readonly crc32?: string;
  };
}

const { fileIds } = readFixture<{ fileIds: FileIdVector[] }>('file-ids');
const KINDS: Readonly<Record<string, FileKind>> = {
  normal: 'normal',
  regenerated: 'normal',
  trunk: 'trunk',
  appender: 'appender',
  slave: 'slave',
  'slave-of-trunk': 'slave',
  'slave-of-appender': 'slave',
};

const hex8 = (value: number | null) => value?.toString(16).padStart(8, '0');

describe.each(fileIds.map((vector) => [vector.fileId, vector] as const))('%s', (fileId, vector) => {
  const fields = decodeFileName(parseFileId(fileId).fileName);

  it('decodes to its fields', () => {
    expect(fields.kind).toBe(KINDS[vector.kind]);
    expect(fields.timestamp).toBe(vector.fields.timestamp);
    expect(fields.sizeField.toString(16).padStart(16, '0')).toBe(vector.fields.sizeField);
    expect(hex8(fields.nameCrc32)).toBe(vector.fields.crc32);
    expect(fields.isAppender).toBe(vector.kind.includes('appender'));
    expect(fields.extension).toBe(vector.extName);
  });

  it('tells the source', () => {
    const { sourceStorageId, sourceIpAddress } = vector.fdfsFileInfo;
    const bytes = vector.fields.sourceBytes;
    const expected = sourceStorageId
      ? { storageId: sourceStorageId }
      : { host: sourceIpAddress ?? bytes.join('.') };
    expect(fields.source).toEqual(expected);
  });

  it('tells the size and CRC-32 of its content, or nothing', () => {
    const isTold = fields.kind === 'normal' || fields.kind === 'trunk';
    expect(fields.size).toBe(isTold ? vector.uploadedSize : null);
    expect(hex8(fields.crc32)).toBe(isTold ? vector.fdfsFileInfo.crc32 : undefined);
  });

  it('tells its slot when it lies in a trunk file', () => {
    const { trunk } = vector.fields;
    expect(fields.trunkSlot).toEqual(
      trunk && fields.kind === 'trunk'
        ? { trunkFileNumber: trunk.fileId, offset: trunk.offset, allocatedSize: trunk.allocSize }
        : null,
    );
  });
});

const ownNames = fileIds.filter(({ kind }) => KINDS[kind] !== 'slave');

it.each(ownNames.map(({ fileId }) => fileId))('%s encodes to the same name', (fileId) => {
  const fields = decodeFileName(parseFileId(fileId).fileName);
  const name = encodeFileName({
    ...fields,
    size: fields.size ?? 0,
    crc32: fields.nameCrc32,
    random: {
      sizeBits: Number((fields.sizeField >> 32n) & 0x7fffffn),
      tailDigits: Number.parseInt(fileId.slice(-7), 10) || 0,
    },
  });
  expect(`group1/${name}`).toBe(fileId);
});

it('knows 71 file IDs of real servers', () => {
  expect(fileIds).toHaveLength(71);
});

describe('slaves that look like something else', () => {
  const master = 'M00/01/0E/Ck0BC2sAyKuAeKB2AAAD6Oq_UCo693';
  it.each([
    ['44 characters, no tail of a normal file', `${master}_raw`],
    ['fewer than 44 characters', `${master}_s`],
    ['45 characters', `${master}_long`],
    ['no tail at all', master.slice(0, 37)],
  ])('%s: the name tells no size', (_, fileName) => {
    expect(decodeFileName(fileName)).toMatchObject({ kind: 'slave', size: null, crc32: null });
  });

  it('cannot be told when the prefix is made of digits to fit', () => {
    expect(decodeFileName(`${master}1234`)).toMatchObject({ kind: 'normal', size: 1000 });
  });
});

const newNames: fc.Arbitrary<NewFileName> = fc.record({
  storePathIndex: fc.integer({ min: 0, max: 255 }),
  directories: fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 })),
  source: fc.oneof(
    fc.integer({ min: 1, max: 16_777_215 }).map((storageId) => ({ storageId })),
    // An address that ends in 0 reads as a storage id: a limit of the format.
    fc
      .tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.integer({ min: 1, max: 255 }))
      .map((numbers) => ({ host: numbers.join('.') })),
  ),
  timestamp: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  // Up to where the flag bits of the size field begin.
  size: fc.oneof(
    fc.nat(),
    fc.integer({ min: 2 ** 32 - 2, max: 2 ** 40 }),
    fc.constant(2 ** 53 - 1),
  ),
  crc32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  isAppender: fc.boolean(),
  extension: fc.stringMatching(/^[A-Za-z0-9._-]{0,6}$/),
  random: fc.record({ sizeBits: fc.nat(), tailDigits: fc.nat() }),
});

describe('encodeFileName', () => {
  it('makes names of 44 characters that decode to what they were made of', () => {
    fc.assert(
      fc.property(newNames, (name) => {
        const text = encodeFileName(name);
        expect(text).toHaveLength(44);
        expect(isFileName(text)).toBe(true);
        const { storePathIndex, directories, source, timestamp, extension } = name;
        expect(decodeFileName(text)).toMatchObject({
          ...{ storePathIndex, directories, source, timestamp, extension },
          kind: name.isAppender ? 'appender' : 'normal',
          size: name.isAppender ? null : name.size,
          crc32: name.isAppender ? null : name.crc32,
        });
      }),
    );
  });

  it('gives different names to equal files', () => {
    const [name] = fc.sample(newNames, 1).map((sample) => ({ ...sample, size: 1, extension: '' }));
    if (!name) throw new Error('no sample');
    const names = [1, 2, 3].map((n) =>
      encodeFileName({ ...name, random: { sizeBits: n, tailDigits: 7 } }),
    );
    expect(new Set(names).size).toBe(3);
  });

  it.each([
    ['an IPv6 source', { source: { host: 'fd00::1' } }],
    ['a host name', { source: { host: 'localhost' } }],
    ['a storage id beyond 24 bits', { source: { storageId: 16_777_216 } }],
    ['a negative size', { size: -1 }],
    ['an extension with a slash', { extension: 'a/b' }],
    ['a directory above 255', { directories: [256, 0] as const }],
    ['a CRC-32 beyond 32 bits', { crc32: 2 ** 32 }],
  ])('refuses %s', (_, change) => {
    const name = {
      storePathIndex: 0,
      directories: [0, 0] as const,
      source: { host: '127.0.0.1' },
      timestamp: 1,
      size: 1,
      crc32: 1,
      isAppender: false,
      extension: '',
      random: { sizeBits: 0, tailDigits: 0 },
    };
    expect(() => encodeFileName({ ...name, ...change })).toThrow(ProtocolError);
  });
});

it('decodes every well-formed name, however made up', () => {
  const names = fc.stringMatching(
    /^M[0-9A-F]{2}\/[0-9A-F]{2}\/[0-9A-F]{2}\/[A-Za-z0-9_-]{27}[A-Za-z0-9._-]{0,30}$/,
  );
  fc.assert(
    fc.property(names, (name) => {
      const { size, kind } = decodeFileName(name);
      expect(size === null || (Number.isSafeInteger(size) && size >= 0)).toBe(true);
      expect(kind === 'slave' || name.length === 44 || name.length === 60).toBe(true);
    }),
  );
});
