import { describe, expect, it } from 'vitest';
import {
  decodeEntry,
  decodeUrlSafe,
  decodeUrlSafeText,
  encodeEntry,
  encodeUrlSafe,
} from '../../../src/qiniu/encodings.ts';
import vectors from '../../fixtures/qiniu/signatures.json' with { type: 'json' };

describe('entries', () => {
  it.each(vectors.encodedEntry)('$encoded is $bucket and $key', ({ bucket, key, encoded }) => {
    expect(encodeEntry(bucket, key)).toBe(encoded);
    expect(decodeEntry(encoded)).toEqual({ bucketName: bucket, key });
    expect(decodeEntry(encoded.replace(/=+$/, ''))).toEqual({ bucketName: bucket, key });
  });

  it('are cut at the first colon', () => {
    expect(decodeEntry(encodeUrlSafe('b:x:y'))).toEqual({ bucketName: 'b', key: 'x:y' });
  });
});

describe('decodeUrlSafe', () => {
  it.each(['A', 'AAAAA', 'AA=', 'A===', 'AA+A', 'AA/A', 'A A=', '=', '===='])(
    'refuses %j',
    (text) => {
      expect(decodeUrlSafe(text)).toBeNull();
    },
  );

  it('takes nothing for nothing', () => {
    expect(decodeUrlSafe('')).toEqual(Buffer.alloc(0));
  });

  it('gives back every octet', () => {
    const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet));
    expect(decodeUrlSafe(encodeUrlSafe(octets))).toEqual(octets);
  });
});

it('takes no text from octets that are not UTF-8', () => {
  expect(decodeUrlSafeText(encodeUrlSafe(Buffer.of(0xff, 0xfe)))).toBeNull();
  expect(decodeUrlSafeText(encodeUrlSafe('\ufeffkey'))).toBe('\ufeffkey');
});
