import { describe, expect, it } from 'vitest';
import { encodeUrlSafe } from '../../../../src/qiniu/encodings.ts';
import { readDetails, readPathDetails } from '../../../../src/qiniu/upload/details.ts';

const unnamed = { key: null, fileName: null, mediaType: null };

describe('readDetails', () => {
  it('sorts what is named, the first of each name', () => {
    const details = readDetails(
      [
        ['x:user', 'u'],
        ['X-Qn-Meta-Color', 'red'],
        ['x-qn-meta-color', 'blue'],
        ['cacheControl', 'max-age=1'],
        ['x-qn-meta-!Expires', 'soon'],
        ['token', 't'],
        ['toString', 'x'],
      ],
      unnamed,
    );
    expect(details).toEqual({
      ...unnamed,
      customVariables: new Map([['x:user', 'u']]),
      userMetadata: { color: 'red' },
      systemHeaders: { 'cache-control': 'max-age=1', expires: 'soon' },
    });
  });

  it.each([
    ['x-qn-meta-', 'v', 'invalid metadata name'],
    [`x-qn-meta-${'a'.repeat(51)}`, 'v', 'invalid metadata name'],
    ['x-qn-meta-a:b', 'v', 'invalid metadata name'],
    ['x-qn-meta-七', 'v', 'invalid metadata name'],
    ['x-qn-meta-__proto__', 'v', 'invalid metadata name'],
    ['x-qn-meta-a', 'v\n', 'invalid value of x-qn-meta-a'],
    ['expires', '\0', 'invalid value of expires'],
    ['x-qn-meta-a', '七'.repeat(342), 'metadata is too large'],
  ])('refuses %.70s with %.5j', (name, value, message) => {
    expect(() => readDetails([[name, value]], unnamed)).toThrow(
      expect.objectContaining({ status: 400, message }),
    );
  });

  it('takes as much metadata as may be', () => {
    const details = readDetails([['x-qn-meta-a', 'v'.repeat(1023)]], unnamed);
    expect(details.userMetadata.a).toHaveLength(1023);
  });
});

describe('readPathDetails', () => {
  it('reads names in any order, an empty key, and a slash at the end', () => {
    const segments = ['x:u', encodeUrlSafe('v'), 'crc32', '7', 'key', '', ''];
    const { details, crc32 } = readPathDetails(segments);
    expect(details).toMatchObject({ key: '', customVariables: new Map([['x:u', 'v']]) });
    expect(crc32).toBe('7');
  });

  it('takes the first of repeated names, and what it does not know for nothing', () => {
    const segments = ['key', encodeUrlSafe('a'), 'key', encodeUrlSafe('b'), 'future', '!'];
    expect(readPathDetails(segments).details.key).toBe('a');
  });

  it.each([
    [['key'], 'invalid argument'],
    [['key', '!'], 'key must be utf8 encoding'],
    [['key', encodeUrlSafe(Buffer.of(0xff))], 'key must be utf8 encoding'],
    [['fname', '!'], 'invalid argument: fname'],
  ])('refuses %j', (segments, message) => {
    expect(() => readPathDetails(segments)).toThrow(
      expect.objectContaining({ status: 400, message }),
    );
  });
});
