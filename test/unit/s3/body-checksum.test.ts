import { describe, expect, it } from 'vitest';
import { ReceivedHeaders } from '../../../src/http/request-headers.ts';
import { bodyChecksum } from '../../../src/s3/body-checksum.ts';

function read(headers: Record<string, string>, hasTrailer = false) {
  return bodyChecksum(ReceivedHeaders.parse(Object.entries(headers).flat()), { hasTrailer });
}

describe('bodyChecksum', () => {
  it.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'])('reads a header of %s', (name) => {
    const header = `x-amz-checksum-${name.toLowerCase()}`;
    expect(read({ [header]: 'AAAA' })).toEqual({ algorithm: name, value: 'AAAA' });
  });

  it('reads the announcement of a trailer', () => {
    expect(read({ 'x-amz-trailer': 'X-Amz-Checksum-CRC32C' }, true)).toEqual({
      algorithm: 'CRC32C',
      value: null,
    });
  });

  it('passes over headers that carry no checksum', () => {
    const headers = {
      'x-amz-checksum-mode': 'ENABLED',
      'x-amz-checksum-type': 'FULL_OBJECT',
      'x-amz-checksum-algorithm': 'SHA256',
    };
    expect(read(headers)).toBeNull();
  });

  it.each<[string, Record<string, string>, boolean]>([
    ['an unknown algorithm', { 'x-amz-checksum-md4': 'AAAA' }, false],
    ['two checksums', { 'x-amz-checksum-crc32': 'A', 'x-amz-checksum-sha1': 'A' }, false],
    [
      'a header and a trailer',
      { 'x-amz-checksum-crc32': 'A', 'x-amz-trailer': 'x-amz-checksum-crc32' },
      true,
    ],
    ['a trailer without its framing', { 'x-amz-trailer': 'x-amz-checksum-crc32' }, false],
    ['a framing without its trailer', {}, true],
    ['a trailer that is no checksum', { 'x-amz-trailer': 'x-amz-meta-a' }, true],
    ['two trailers', { 'x-amz-trailer': 'x-amz-checksum-crc32,x-amz-checksum-sha1' }, true],
    [
      'an algorithm of the SDK without its checksum',
      { 'x-amz-sdk-checksum-algorithm': 'CRC32' },
      false,
    ],
    [
      'another algorithm than the SDK used',
      { 'x-amz-checksum-crc32': 'A', 'x-amz-sdk-checksum-algorithm': 'SHA1' },
      false,
    ],
  ])('refuses %s', (_what, headers, hasTrailer) => {
    expect(() => read(headers, hasTrailer)).toThrow(
      expect.objectContaining({ code: 'InvalidRequest' }),
    );
  });
});
