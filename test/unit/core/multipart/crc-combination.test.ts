import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumOf } from '../../../../src/core/content-digest.ts';
import { combineCrcs } from '../../../../src/core/multipart/crc-combination.ts';

const algorithms = ['CRC32', 'CRC32C', 'CRC64NVME'] as const;

describe.each(algorithms)('%s of contents laid end to end', (algorithm) => {
  const crcOf = async (content: Uint8Array) =>
    Buffer.from(await checksumOf(algorithm, Buffer.from(content)), 'base64');

  it('follows from those of the pieces', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pieces, async (contents) => {
        const parts = await Promise.all(
          contents.map(async (content) => ({
            value: await crcOf(content),
            size: content.length,
          })),
        );
        const whole = await crcOf(Buffer.concat(contents));
        expect(combineCrcs(algorithm, parts)).toEqual(whole);
      }),
    );
  });

  it('holds for sizes beyond 32 bits', async () => {
    const twice = (part: { value: Buffer; size: number }) => ({
      value: combineCrcs(algorithm, [part, part]),
      size: part.size * 2,
    });
    let zeros: { value: Buffer; size: number } = {
      value: await crcOf(Buffer.alloc(1024)),
      size: 1024,
    };
    while (zeros.size < 2 ** 33) zeros = twice(zeros);
    const head = { value: await crcOf(Buffer.from('head')), size: 4 };
    const inOneStep = combineCrcs(algorithm, [head, twice(zeros)]);
    expect(combineCrcs(algorithm, [head, zeros, zeros])).toEqual(inOneStep);
  });
});
