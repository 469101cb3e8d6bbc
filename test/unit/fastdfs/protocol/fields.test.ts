import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../../src/fastdfs/protocol/errors.ts';
import { FieldReader, FieldWriter } from '../../../../src/fastdfs/protocol/fields.ts';

const latin1Text = (maxLength: number) =>
  fc
    .array(fc.integer({ min: 1, max: 255 }), { maxLength })
    .map((codes) => String.fromCharCode(...codes));

describe('text', () => {
  it('ends at the first NUL, whatever garbage follows', () => {
    expect(new FieldReader(Buffer.from('group1\0/etc\0xx')).text(14)).toBe('group1');
  });

  it('may fill its field without a NUL', () => {
    expect(new FieldReader(Buffer.from('sixteen-bytes-ab')).text(16)).toBe('sixteen-bytes-ab');
  });

  it('is refused where a NUL would hide its end from a C program', () => {
    expect(() => new FieldReader(Buffer.from('M00/a\0b')).restText()).toThrow(ProtocolError);
    expect(() => new FieldWriter().plainText('a\0b')).toThrow(ProtocolError);
  });

  it('is refused, not cut, when it does not fit', () => {
    expect(() => new FieldWriter().text('seven77', 6)).toThrow(ProtocolError);
  });

  it('is refused above U+00FF, which has no byte', () => {
    expect(() => new FieldWriter().text('名', 16)).toThrow(ProtocolError);
  });

  it('comes back from its field', () => {
    fc.assert(
      fc.property(latin1Text(16), (text) => {
        const bytes = new FieldWriter().text(text, 16).toBuffer();
        expect(bytes).toHaveLength(16);
        expect(new FieldReader(bytes).text(16)).toBe(text);
      }),
    );
  });
});

describe('numbers', () => {
  it('come back from their fields', () => {
    const values = fc.record({
      small: fc.integer({ min: 0, max: 255 }),
      middle: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      large: fc.maxSafeInteger(),
      huge: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      port: fc.integer({ min: 1, max: 65535 }),
    });
    fc.assert(
      fc.property(values, ({ small, middle, large, huge, port }) => {
        const bytes = new FieldWriter()
          .uint8(small)
          .int32(middle)
          .int64(large)
          .bigint64(huge)
          .port(port)
          .toBuffer();
        const fields = new FieldReader(bytes);
        expect(fields.uint8()).toBe(small);
        expect(fields.int32()).toBe(middle);
        expect(fields.int64()).toBe(large);
        expect(fields.bigint64()).toBe(huge);
        expect(fields.port()).toBe(port);
        fields.end();
      }),
    );
  });

  it.each([
    ['uint8', 256],
    ['uint8', -1],
    ['int32', 2 ** 31],
    ['int64', 2 ** 53],
    ['size', -1],
    ['port', 0],
    ['port', 65536],
    ['counter', 0.5],
  ] as const)('%s does not take %s', (field, value) => {
    expect(() => new FieldWriter()[field](value)).toThrow(ProtocolError);
  });

  it.each([
    ['int64', 2n ** 53n],
    ['size', -1n],
    ['port', 0n],
    ['port', 65536n],
  ] as const)('%s is not read from %s', (field, value) => {
    const bytes = new FieldWriter().bigint64(value).toBuffer();
    expect(() => new FieldReader(bytes)[field]()).toThrow(ProtocolError);
  });

  it('count beyond 2^53 in statistics, rounded', () => {
    const bytes = new FieldWriter().bigint64(2n ** 60n + 1n).toBuffer();
    expect(new FieldReader(bytes).counter()).toBe(2 ** 60);
  });
});

describe('the end of a body', () => {
  it.each(['uint8', 'int32', 'int64', 'bigint64', 'counter', 'port', 'size'] as const)(
    'is never read over by %s',
    (field) => {
      expect(() => new FieldReader(Buffer.alloc(0))[field]()).toThrow(ProtocolError);
    },
  );

  it('must be reached', () => {
    expect(() => new FieldReader(Buffer.of(1)).end()).toThrow(ProtocolError);
  });
});
