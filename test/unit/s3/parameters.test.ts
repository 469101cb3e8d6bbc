import { describe, expect, it } from 'vitest';
import { Query } from '../../../src/http/query.ts';
import { encodeKey, integerParameter, isoTime, keyEncoding } from '../../../src/s3/parameters.ts';

describe('whole numbers', () => {
  const read = (raw: string) =>
    integerParameter(Query.parse(raw), 'max-keys', { fallback: 1000, min: 0, max: 10_000 });

  it.each([
    ['', 1000],
    ['max-keys=', 1000],
    ['max-keys=0', 0],
    ['max-keys=0010', 10],
    ['max-keys=10000', 10_000],
  ])('%j is %d', (raw, value) => {
    expect(read(raw)).toBe(value);
  });

  it.each(['blah', '-1', '10001', '1.5', '1e3', '0x10', ' 1', '9'.repeat(30)])(
    '%j is refused',
    (value) => {
      expect(() => read(`max-keys=${encodeURIComponent(value)}`)).toThrow(
        expect.objectContaining({
          code: 'InvalidArgument',
          facts: expect.objectContaining({ ArgumentName: 'max-keys', ArgumentValue: value }),
        }),
      );
    },
  );
});

describe('encoding-type', () => {
  it('url encodes all but unreserved characters and slashes', () => {
    expect(encodeKey("a/b c+d%é\u0001*'()!~-_.")).toBe(
      'a/b%20c%2Bd%25%C3%A9%01%2A%27%28%29%21~-_.',
    );
    expect(keyEncoding(Query.parse('encoding-type=url'))).toMatchObject({ type: 'url' });
  });

  it('left out leaves keys as they are', () => {
    const encoding = keyEncoding(Query.parse(''));
    expect([encoding.type, encoding.encode('a b')]).toEqual([undefined, 'a b']);
  });

  it('other than url is refused', () => {
    expect(() => keyEncoding(Query.parse('encoding-type=xml'))).toThrow(
      expect.objectContaining({ code: 'InvalidArgument' }),
    );
  });
});

it('times in documents have seconds, as the Last-Modified header', () => {
  expect(isoTime(Date.UTC(2024, 0, 2, 3, 4, 5, 678))).toBe('2024-01-02T03:04:05.000Z');
});
