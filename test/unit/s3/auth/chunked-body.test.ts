import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChunkSignatures } from '../../../../src/s3/auth/chunk-signatures.ts';
import { ChunkedDecoder } from '../../../../src/s3/auth/chunked-body.ts';
import {
  deriveSigningKey,
  hmacSha256,
  renderScope,
  sha256Hex,
} from '../../../../src/s3/auth/signature-v4.ts';

const scope = { date: '20130524', region: 'us-east-1' };
const timestamp = '20130524T000000Z';
const signingKey = deriveSigningKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', scope);
const seedSignature = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9';
const trailerName = 'x-amz-checksum-crc32c';

type Framing = 'signed' | 'signed-trailer' | 'unsigned-trailer';

/** Frames chunks the way clients do; written apart from the decoder. */
function frame(framing: Framing, chunks: readonly Buffer[], seed = seedSignature): Buffer {
  let previous = seed;
  const sign = (algorithm: string, hashes: string) => {
    const text = [algorithm, timestamp, renderScope(scope), previous, hashes].join('\n');
    previous = hmacSha256(signingKey, text).toString('hex');
    return previous;
  };
  const parts: Buffer[] = [];
  for (const chunk of [...chunks, Buffer.alloc(0)]) {
    const hashes = `${sha256Hex('')}\n${sha256Hex(chunk)}`;
    const extension =
      framing === 'unsigned-trailer'
        ? ''
        : `;chunk-signature=${sign('AWS4-HMAC-SHA256-PAYLOAD', hashes)}`;
    parts.push(Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`), chunk);
    if (chunk.length > 0) parts.push(Buffer.from('\r\n'));
  }
  if (framing !== 'signed') parts.push(Buffer.from(`${trailerName}:sOO8/Q==\r\n`));
  if (framing === 'signed-trailer') {
    const signature = sign('AWS4-HMAC-SHA256-TRAILER', sha256Hex(`${trailerName}:sOO8/Q==\n`));
    parts.push(Buffer.from(`x-amz-trailer-signature:${signature}\r\n`));
  }
  return Buffer.concat([...parts, Buffer.from('\r\n')]);
}

function decoderFor(framing: Framing, decodedSize: number, seed = seedSignature): ChunkedDecoder {
  const context = { signingKey, scope, timestamp, seedSignature: seed };
  return new ChunkedDecoder({
    decodedSize,
    signatures: framing === 'unsigned-trailer' ? null : new ChunkSignatures(context),
    trailerName: framing === 'signed' ? null : trailerName,
  });
}

/** Content, after `end` said that it is good. */
function decode(decoder: ChunkedDecoder, pieces: readonly Buffer[]): Buffer {
  const content: Buffer[] = [];
  for (const piece of pieces) decoder.write(piece, (part) => content.push(part));
  decoder.end();
  return Buffer.concat(content);
}

const framings: Framing[] = ['signed', 'signed-trailer', 'unsigned-trailer'];
const sample = [Buffer.alloc(8192, 'a'), Buffer.from('the last chunk may be short')];
const sampleContent = Buffer.concat(sample);

describe("AWS's documented examples", () => {
  const content = [Buffer.alloc(65_536, 'a'), Buffer.alloc(1024, 'a')];

  it('decodes the signed upload', () => {
    const signatures = [
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ];
    const body = Buffer.concat([
      Buffer.from(`10000;chunk-signature=${signatures[0]}\r\n`),
      Buffer.alloc(65_536, 'a'),
      Buffer.from(`\r\n400;chunk-signature=${signatures[1]}\r\n`),
      Buffer.alloc(1024, 'a'),
      Buffer.from(`\r\n0;chunk-signature=${signatures[2]}\r\n\r\n`),
    ]);
    expect(decode(decoderFor('signed', 66_560), [body]).equals(Buffer.concat(content))).toBe(true);
  });

  it('decodes the signed upload with a trailer', () => {
    const seed = '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e';
    const signatures = [
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
      'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
    ];
    const body = Buffer.concat([
      Buffer.from(`10000;chunk-signature=${signatures[0]}\r\n`),
      Buffer.alloc(65_536, 'a'),
      Buffer.from(`\r\n400;chunk-signature=${signatures[1]}\r\n`),
      Buffer.alloc(1024, 'a'),
      Buffer.from(`\r\n0;chunk-signature=${signatures[2]}\r\n${trailerName}:sOO8/Q==\r\n`),
      Buffer.from(`x-amz-trailer-signature:${signatures[3]}\r\n\r\n`),
    ]);
    const decoder = decoderFor('signed-trailer', 66_560, seed);
    expect(decode(decoder, [body]).equals(Buffer.concat(content))).toBe(true);
    expect(decoder.trailerValue).toBe('sOO8/Q==');
  });
});

describe.each(framings)('ChunkedDecoder, %s', (framing) => {
  const body = frame(framing, sample);

  it('decodes a body split at every offset', () => {
    for (let offset = 0; offset <= body.length; offset += 1) {
      const decoder = decoderFor(framing, sampleContent.length);
      const content = decode(decoder, [body.subarray(0, offset), body.subarray(offset)]);
      if (!content.equals(sampleContent)) expect.fail(`split at ${offset}`);
    }
  });

  it('decodes a body that comes byte by byte', () => {
    const bytes = Array.from(body, (_byte, index) => body.subarray(index, index + 1));
    const decoder = decoderFor(framing, sampleContent.length);
    expect(decode(decoder, bytes).equals(sampleContent)).toBe(true);
  });

  it('decodes an empty body', () => {
    expect(decode(decoderFor(framing, 0), [frame(framing, [])])).toHaveLength(0);
  });

  it('refuses a body that ends early, wherever', () => {
    const short = frame(framing, [Buffer.from('hello')]);
    // The last line end, and with it the trailer's own end, is all that may be missing.
    for (let length = 0; length < short.length - 2; length += 1) {
      expect(() => decode(decoderFor(framing, 5), [short.subarray(0, length)])).toThrow();
    }
  });

  it('refuses bytes after the end', () => {
    for (const extra of ['x', '0\r\n\r\n', 'x-amz-meta-a:b\r\n', body.toString('latin1')]) {
      const decoder = decoderFor(framing, sampleContent.length);
      const pieces = [body, Buffer.from(extra, 'latin1')];
      expect(() => decode(decoder, pieces)).toThrow(
        expect.objectContaining({ code: 'MalformedTrailerError' }),
      );
    }
  });

  it.each([-1, 1])('refuses a decoded length that is off by %i', (difference) => {
    const decoder = decoderFor(framing, sampleContent.length + difference);
    expect(() => decode(decoder, [body])).toThrow(
      expect.objectContaining({ code: 'IncompleteBody' }),
    );
  });

  it('refuses chunks below 8 KiB that are not the last', () => {
    const chunks = [Buffer.alloc(8192, 'a'), Buffer.alloc(8191, 'b'), Buffer.alloc(1, 'c')];
    expect(() => decode(decoderFor(framing, 16_384), [frame(framing, chunks)])).toThrow(
      expect.objectContaining({
        code: 'InvalidChunkSizeError',
        facts: { Chunk: 2, BadChunkSize: 8191 },
      }),
    );
  });

  it('hands content on without copying or collecting it', () => {
    const large = Buffer.alloc(1024 * 1024, 'a');
    const wire = frame(framing, [large]);
    const decoder = decoderFor(framing, large.length);
    let inFlight = 0;
    for (let offset = 0; offset < wire.length; offset += 65_536) {
      const piece = wire.subarray(offset, offset + 65_536);
      decoder.write(piece, (content) => {
        expect(content.buffer).toBe(wire.buffer);
        inFlight += content.length;
      });
      // All but the framing is out before the next piece goes in.
      expect(offset + piece.length - inFlight).toBeLessThan(400);
    }
    decoder.end();
    expect(inFlight).toBe(large.length);
  });
});

describe('ChunkedDecoder', () => {
  it.each<Framing>(['signed', 'signed-trailer'])('refuses any changed byte, %s', (framing) => {
    const body = frame(framing, sample);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (offset, flip) => {
        const changed = Buffer.from(body);
        changed[offset] = (changed[offset] ?? 0) ^ flip;
        // Hex sizes and names of headers mean the same in upper case, and so does a line's end.
        if (changed.toString('latin1').toLowerCase() === body.toString('latin1').toLowerCase())
          return;
        let content: Buffer;
        try {
          content = decode(decoderFor(framing, sampleContent.length), [changed]);
        } catch {
          return;
        }
        // Only the white space of the trailer may differ, never content.
        expect(content.equals(sampleContent)).toBe(true);
        expect(offset).toBeGreaterThan(body.lastIndexOf(';chunk-signature='));
        expect(changed.toString('latin1').replace(/\s/g, '')).toBe(
          body.toString('latin1').replace(/\s/g, ''),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('refuses chunks in another order, repeated or left out', () => {
    const chunks = [Buffer.alloc(8192, 'a'), Buffer.alloc(8192, 'b'), Buffer.alloc(8192, 'c')];
    const wire = frame('signed', chunks);
    const chunkSize = (wire.length - frame('signed', []).length) / 3;
    const [a, b, c] = [0, 1, 2].map((n) => wire.subarray(n * chunkSize, (n + 1) * chunkSize));
    const tail = wire.subarray(3 * chunkSize);
    const orders = [
      [b, a, c, tail],
      [a, a, b, c, tail],
      [a, c, tail],
      [a, b, tail],
    ];
    for (const order of orders) {
      const pieces = order.filter((piece) => piece !== undefined);
      const size = (pieces.length - 1) * 8192;
      expect(() => decode(decoderFor('signed', size), pieces)).toThrow(
        expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
      );
    }
  });

  it('hands on no byte of a small chunk whose signature is wrong', () => {
    const wire = frame('signed', [Buffer.from('hello')], 'f'.repeat(64));
    const emitted: Buffer[] = [];
    expect(() => decoderFor('signed', 5).write(wire, (part) => emitted.push(part))).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
    expect(emitted).toEqual([]);
  });

  it.each([
    ['an endless header line', `${'0'.repeat(300)}`, 'IncompleteBody'],
    ['no size', '\r\n', 'IncompleteBody'],
    ['a negative size', '-5\r\nhello\r\n', 'IncompleteBody'],
    ['a size beyond all numbers', `${'f'.repeat(14)}\r\n`, 'IncompleteBody'],
    ['a size with a prefix', '0x5\r\nhello\r\n', 'IncompleteBody'],
    ['a line feed alone', '5\nhello\r\n0\r\n', 'IncompleteBody'],
    ['an extension', '5;a=b\r\nhello\r\n', 'IncompleteBody'],
    ['content that goes on after its size', '5\r\nhello!\r\n', 'IncompleteBody'],
    ['content without a line end', '5\r\nhello0\r\n', 'IncompleteBody'],
    ['a chunk beyond the decoded length', 'ffffffffff\r\n', 'IncompleteBody'],
    ['an endless trailer', `5\r\nhello\r\n0\r\n${'a'.repeat(5000)}`, 'MalformedTrailerError'],
    ['no trailer', '5\r\nhello\r\n0\r\n\r\n', 'MalformedTrailerError'],
    ['another trailer', '5\r\nhello\r\n0\r\nx-amz-meta-a:b\r\n\r\n', 'MalformedTrailerError'],
    [
      'two trailers',
      `5\r\nhello\r\n0\r\n${trailerName}:a\r\n${trailerName}:b\r\n\r\n`,
      'MalformedTrailerError',
    ],
    ['a trailer cut off', `5\r\nhello\r\n0\r\n${trailerName}:sO`, 'MalformedTrailerError'],
  ])('refuses %s', (_what, wire, code) => {
    expect(() => decode(decoderFor('unsigned-trailer', 5), [Buffer.from(wire)])).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('takes a trailer as minio-go writes it, with a blank line before its signature', () => {
    const wire = frame('signed-trailer', sample)
      .toString('latin1')
      .replace('sOO8/Q==\r\n', 'sOO8/Q==\n\r\n');
    const decoder = decoderFor('signed-trailer', sampleContent.length);
    expect(decode(decoder, [Buffer.from(wire, 'latin1')]).equals(sampleContent)).toBe(true);
  });
});
