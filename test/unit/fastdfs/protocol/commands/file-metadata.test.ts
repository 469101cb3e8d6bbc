import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeMetadata,
  encodeMetadata,
  metadataFromText,
  setMetadata,
} from '../../../../../src/fastdfs/protocol/commands/file-metadata.ts';
import { ProtocolError } from '../../../../../src/fastdfs/protocol/errors.ts';

const FILE = { groupName: 'group1', fileName: 'M00/00/00/Ck0BC2sAwcGAd_EWAAAAAfvbJhU7723416' };

/** Bytes without NUL and the two separators. */
const bytes = (size: fc.SizeForArbitrary, minLength: number, maxLength: number) =>
  fc
    .array(fc.integer({ min: 3, max: 255 }), { minLength, maxLength, size })
    .map((values) => Buffer.from(values));
const pairs = fc.uniqueArray(
  fc.record({ name: bytes('max', 1, 64), value: bytes('max', 0, 256) }),
  {
    selector: ({ name }) => name.toString('latin1'),
    maxLength: 20,
  },
);

it('comes back as it was, in any character set', () => {
  fc.assert(
    fc.property(pairs, (metadata) => {
      expect(decodeMetadata(encodeMetadata(metadata))).toEqual(metadata);
    }),
  );
});

it('comes back from a whole request', () => {
  fc.assert(
    fc.property(
      pairs,
      fc.constantFrom('overwrite' as const, 'merge' as const),
      (metadata, mode) => {
        const request = { ...FILE, mode, metadata };
        expect(setMetadata.decodeRequest(setMetadata.encodeRequest(request))).toEqual(request);
      },
    ),
  );
});

it('is name, 0x02, value, joined by 0x01', () => {
  const encoded = encodeMetadata(
    metadataFromText([
      ['width', '160'],
      ['名', '值'],
    ]),
  );
  expect(encoded).toEqual(Buffer.from('width\x02160\x01名\x02值'));
});

it('may be nothing', () => {
  expect(encodeMetadata([])).toHaveLength(0);
  expect(decodeMetadata(Buffer.alloc(0))).toEqual([]);
});

describe('never sent', () => {
  it.each([
    ['an empty name', [['', 'v']]],
    ['a name of 65 bytes', [['n'.repeat(65), 'v']]],
    ['a name of 64 characters in more bytes', [['é'.repeat(64), 'v']]],
    ['a value of 257 bytes', [['n', 'v'.repeat(257)]]],
    ['a record separator in a name', [['a\x01b', 'v']]],
    ['a field separator in a name', [['a\x02b', 'v']]],
    ['a record separator in a value', [['n', 'a\x01b']]],
    ['a field separator in a value', [['n', 'a\x02b']]],
    ['a NUL in a value', [['n', 'a\0b']]],
    [
      'the same name twice',
      [
        ['n', '1'],
        ['n', '2'],
      ],
    ],
  ] as [string, [string, string][]][])('%s', (_, entries) => {
    const request = { ...FILE, mode: 'overwrite' as const, metadata: metadataFromText(entries) };
    expect(() => setMetadata.encodeRequest(request)).toThrow(ProtocolError);
  });

  it('a request that does not fit into a buffer of the storage server', () => {
    const entries = Array.from({ length: 1000 }, (_, i): [string, string] => [
      `name-${i}`,
      'v'.repeat(256),
    ]);
    const request = { ...FILE, mode: 'merge' as const, metadata: metadataFromText(entries) };
    expect(() => setMetadata.encodeRequest(request)).toThrow(ProtocolError);
  });
});

it.each(['no separator', '\x02value', 'a\x02b\x01', '\x01a\x02b'])('%j is no metadata', (text) => {
  expect(() => decodeMetadata(Buffer.from(text))).toThrow(ProtocolError);
});
