import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  ContentDigest,
  type ContentDigests,
  checkDigests,
  isChecksumValue,
} from '../../../src/core/content-digest.ts';
import type { ChecksumAlgorithm } from '../../../src/object-index/records.ts';

const algorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;

async function digestOf(
  content: string | Buffer,
  checksumAlgorithm: ChecksumAlgorithm | null,
  chunkSize = 1 << 20,
): Promise<ContentDigests> {
  const digest = await ContentDigest.start({ checksumAlgorithm, sha256: true });
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += chunkSize)
    digest.update(bytes.subarray(at, at + chunkSize));
  return digest.finish();
}

const hexOf = (base64: string | null) => Buffer.from(base64 ?? '', 'base64').toString('hex');

describe('checksums', () => {
  it.each([
    ['CRC32', 'cbf43926'],
    ['CRC32C', 'e3069283'],
    ['CRC64NVME', 'ae8b14860a799888'],
    ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
    ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
  ] as const)('%s of 123456789 is the published check value', async (algorithm, hex) => {
    expect(hexOf((await digestOf('123456789', algorithm)).checksumValue)).toBe(hex);
  });

  it.each([
    ['CRC32', '00000000'],
    ['CRC32C', '00000000'],
    ['CRC64NVME', '0000000000000000'],
  ] as const)('%s of nothing', async (algorithm, hex) => {
    expect(hexOf((await digestOf('', algorithm)).checksumValue)).toBe(hex);
  });

  it.each(algorithms)('%s does not depend on how the content is cut', async (algorithm) => {
    const content = Buffer.from('The bytes of one object, in chunks of any size.');
    const whole = await digestOf(content, algorithm);
    for (let size = 1; size < content.length; size += 1) {
      expect(await digestOf(content, algorithm, size)).toEqual(whole);
    }
  });

  it('keeps interleaved computations apart', async () => {
    const first = await ContentDigest.start({ checksumAlgorithm: 'CRC64NVME', sha256: false });
    const second = await ContentDigest.start({ checksumAlgorithm: 'CRC64NVME', sha256: false });
    first.update(Buffer.from('1234'));
    second.update(Buffer.from('other'));
    first.update(Buffer.from('56789'));
    second.finish();
    expect(hexOf(first.finish().checksumValue)).toBe('ae8b14860a799888');
  });

  it('gives MD5 always, and the rest on demand only', async () => {
    const digest = await ContentDigest.start({ checksumAlgorithm: null, sha256: false });
    digest.update(Buffer.from('a'));
    expect(digest.finish()).toEqual({
      md5: createHash('md5').update('a').digest(),
      sha256: null,
      checksumValue: null,
      qetag: null,
    });
  });
});

describe('declared digests', () => {
  it('pass when they agree', async () => {
    const actual = await digestOf('a', 'CRC32');
    const declared = {
      md5: actual.md5,
      sha256Hex: createHash('sha256').update('a').digest('hex'),
      checksumValue: '6Le+Qw==',
    };
    expect(() => checkDigests(actual, declared, 'CRC32')).not.toThrow();
  });

  it.each([
    [{ md5: Buffer.alloc(16) }, null, 'BadDigest'],
    [{ sha256Hex: '0'.repeat(64) }, null, 'XAmzContentSHA256Mismatch'],
    [{ checksumValue: 'AAAAAA==' }, 'CRC32', 'BadDigest'],
    [{ checksumValue: 'AAAA' }, 'CRC32', 'InvalidRequest'],
    [{ checksumValue: 'not base64' }, 'CRC32', 'InvalidRequest'],
    [{}, 'CRC32', 'InvalidRequest'],
  ] as const)('%j for %s is refused with %s', async (declared, algorithm, code) => {
    const actual = await digestOf('a', 'CRC32');
    expect(() => checkDigests(actual, declared, algorithm)).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('a SHA-256 that was declared but not computed is a mismatch, never a pass', async () => {
    const digest = await ContentDigest.start({ checksumAlgorithm: null, sha256: false });
    expect(() => checkDigests(digest.finish(), { sha256Hex: '0'.repeat(64) }, null)).toThrow(
      expect.objectContaining({ code: 'XAmzContentSHA256Mismatch' }),
    );
  });

  it('a value must be canonical base64 of the right length', () => {
    expect(isChecksumValue('CRC32', '6Le+Qw==')).toBe(true);
    expect(isChecksumValue('CRC32', '6Le+Qw')).toBe(false);
    expect(isChecksumValue('CRC32', '6Le-Qw==')).toBe(false);
    expect(isChecksumValue('CRC32', '6Le+Qx==')).toBe(false);
  });
});
