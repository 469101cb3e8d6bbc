import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.ts';
import { checkBucketName, checkKey, isValidBucketName } from '../../../src/core/names.ts';

describe('bucket names', () => {
  it.each([
    'abc',
    'a1b',
    'photos-2024',
    'a.b.c',
    '0.1.2.a',
    'a'.repeat(63),
    'my--bucket',
    '1.2.3',
    'sthree',
  ])('%s may be created', (name) => {
    expect(isValidBucketName(name)).toBe(true);
  });

  it.each([
    ['', 'empty'],
    ['ab', 'shorter than 3'],
    ['a'.repeat(64), 'longer than 63'],
    ['Photos', 'upper-case'],
    ['my_bucket', 'underscore'],
    ['-abc', 'starts with a hyphen'],
    ['abc-', 'ends with a hyphen'],
    ['.abc', 'starts with a dot'],
    ['abc.', 'ends with a dot'],
    ['a..b', 'adjacent dots'],
    ['a.-b', 'a label that starts with a hyphen'],
    ['a-.b', 'a label that ends with a hyphen'],
    ['192.168.5.4', 'an IPv4 address'],
    ['xn--abc', 'reserved prefix'],
    ['sthree-abc', 'reserved prefix'],
    ['sthree-configurator-a', 'reserved prefix'],
    ['amzn-s3-demo-bucket', 'reserved prefix'],
    ['abc-s3alias', 'reserved suffix'],
    ['abc--ol-s3', 'reserved suffix'],
    ['abc.mrap', 'reserved suffix'],
    ['abc--x-s3', 'reserved suffix'],
    ['abc--table-s3', 'reserved suffix'],
    ['ab\nc', 'line feed'],
    ['abc\n', 'line feed at the end'],
    ['bücket', 'not ASCII'],
  ])('%j is refused: %s', (name) => {
    expect(() => checkBucketName(name)).toThrow(
      expect.objectContaining({ code: 'InvalidBucketName', facts: { BucketName: name } }),
    );
  });
});

describe('keys', () => {
  it.each(['a', '/', '//', '..', ' ', '+%', '\u0001', '😀', 'a'.repeat(1024), '汉'.repeat(341)])(
    '%j is a key',
    (key) => {
      expect(() => checkKey(key)).not.toThrow();
    },
  );

  it.each([
    ['a'.repeat(1025), 1025],
    ['汉'.repeat(342), 1026],
  ])('longer than 1024 bytes in UTF-8 is refused', (key, size) => {
    expect(() => checkKey(key)).toThrow(
      expect.objectContaining({
        code: 'KeyTooLongError',
        facts: { Size: size, MaxSizeAllowed: 1024 },
      }),
    );
  });

  it('may be empty, for Kodo', () => expect(() => checkKey('')).not.toThrow());

  it.each(['\ud800', 'a\udc00b', 'a\0b'])('%j is refused', (key) => {
    expect(() => checkKey(key)).toThrow(GatewayError);
  });
});
