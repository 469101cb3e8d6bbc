import { GatewayError } from '../../core/errors.ts';
import { type ContentDecoder, incompleteBody } from '../../http/content-decoder.ts';
import type { ChunkSignatures } from './chunk-signatures.ts';

/** Every chunk but the last must have this many bytes. */
const chunkSizeBytesMin = 8192;
/** `size;chunk-signature=64 digits` needs less than 100. */
const chunkHeaderSizeBytesMax = 256;
const trailerSizeBytesMax = 4096;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export interface ChunkedOptions {
  /** `x-amz-decoded-content-length` */
  readonly decodedSize: number;
  /** Null when chunks are not signed. */
  readonly signatures: ChunkSignatures | null;
  /** The trailing header that `x-amz-trailer` announces, lower-case; null for none. */
  readonly trailerName: string | null;
}

/**
 * Decodes aws-chunked framing while it passes:
 *
 *     size-in-hex[;chunk-signature=…] CRLF  content CRLF   for each chunk, the last one of size 0
 *     name:value CRLF                                       when a trailing header was announced
 *     x-amz-trailer-signature:… CRLF                        when chunks are signed too
 *     CRLF
 *
 * Content is handed on before the end of its chunk is seen, so memory does not depend on what a
 * client calls a chunk; whoever takes it must not publish it before `end` returned.
 */
export class ChunkedDecoder implements ContentDecoder {
  readonly #options: ChunkedOptions;
  #state: 'header' | 'content' | 'content-end' | 'trailer' = 'header';
  /** The beginning of a chunk header or of the trailer that is not complete yet. */
  #pending = '';
  #chunkNumber = 0;
  #chunkSize = 0;
  #chunkRemaining = 0;
  #chunkSignature = '';
  #decoded = 0;
  #trailerValue: string | null = null;

  constructor(options: ChunkedOptions) {
    this.#options = options;
  }

  /** The announced trailing header's value, known after `end`. */
  get trailerValue(): string | null {
    return this.#trailerValue;
  }

  write(bytes: Buffer, emit: (content: Buffer) => void): void {
    let offset = 0;
    while (offset < bytes.length) {
      switch (this.#state) {
        case 'header':
          offset = this.#readHeader(bytes, offset);
          break;
        case 'content':
          offset = this.#readContent(bytes, offset, emit);
          break;
        case 'content-end':
          offset = this.#readContentEnd(bytes, offset);
          break;
        case 'trailer':
          offset = this.#readTrailer(bytes, offset);
          break;
      }
    }
  }

  end(): void {
    if (this.#state !== 'trailer') {
      throw incompleteBody('The request body ended before its last chunk.');
    }
    if (this.#decoded !== this.#options.decodedSize) {
      throw incompleteBody(
        'You did not provide the number of bytes specified by the x-amz-decoded-content-length HTTP header.',
      );
    }
    this.#endTrailer();
  }

  #readHeader(bytes: Buffer, offset: number): number {
    const end = bytes.indexOf(lineFeed, offset);
    const stop = end === -1 ? bytes.length : end + 1;
    if (this.#pending.length + stop - offset > chunkHeaderSizeBytesMax) {
      throw incompleteBody('A chunk header is too long.');
    }
    this.#pending += bytes.toString('latin1', offset, stop);
    if (end !== -1) {
      this.#startChunk(this.#pending);
      this.#pending = '';
    }
    return stop;
  }

  #startChunk(line: string): void {
    const { signatures, decodedSize } = this.#options;
    const match = signatures
      ? /^([0-9a-fA-F]{1,13});chunk-signature=([0-9a-f]{64})\r\n$/.exec(line)
      : /^([0-9a-fA-F]{1,13})\r\n$/.exec(line);
    if (!match) throw incompleteBody('A chunk header is malformed.');
    const size = Number.parseInt(match[1] ?? '', 16);
    if (size > 0 && this.#chunkNumber > 0 && this.#chunkSize < chunkSizeBytesMin) {
      throw new GatewayError('InvalidChunkSizeError', {
        Chunk: this.#chunkNumber,
        BadChunkSize: this.#chunkSize,
      });
    }
    if (this.#decoded + size > decodedSize) {
      throw incompleteBody('The chunks are longer than x-amz-decoded-content-length says.');
    }
    this.#chunkNumber += 1;
    this.#chunkSize = size;
    this.#chunkRemaining = size;
    this.#chunkSignature = match[2] ?? '';
    if (size > 0) {
      this.#state = 'content';
    } else {
      signatures?.endChunk(this.#chunkSignature);
      this.#state = 'trailer';
    }
  }

  #readContent(bytes: Buffer, offset: number, emit: (content: Buffer) => void): number {
    const stop = Math.min(bytes.length, offset + this.#chunkRemaining);
    const content = bytes.subarray(offset, stop);
    this.#options.signatures?.update(content);
    this.#decoded += content.length;
    this.#chunkRemaining -= content.length;
    if (this.#chunkRemaining === 0) {
      // Before the last piece is handed on, so that a small object is never taken as good.
      this.#options.signatures?.endChunk(this.#chunkSignature);
      this.#state = 'content-end';
    }
    emit(content);
    return stop;
  }

  #readContentEnd(bytes: Buffer, offset: number): number {
    const expected = this.#pending === '' ? carriageReturn : lineFeed;
    if (bytes[offset] !== expected) throw incompleteBody('A chunk is longer than its size.');
    this.#pending = expected === carriageReturn ? '\r' : '';
    if (expected === lineFeed) this.#state = 'header';
    return offset + 1;
  }

  /** All that follows the last chunk is the trailer, so nothing can hide behind it. */
  #readTrailer(bytes: Buffer, offset: number): number {
    if (this.#pending.length + bytes.length - offset > trailerSizeBytesMax) {
      throw new GatewayError('MalformedTrailerError');
    }
    this.#pending += bytes.toString('latin1', offset);
    return bytes.length;
  }

  #endTrailer(): void {
    const { signatures, trailerName } = this.#options;
    // Blank lines are passed over: some clients put one before the trailer's signature.
    const lines = this.#pending.split(/\r?\n/).filter((line) => line !== '');
    const expectedNames = trailerName === null ? [] : [trailerName];
    if (trailerName !== null && signatures) expectedNames.push('x-amz-trailer-signature');
    const fields = lines.map((line) => {
      const colon = line.indexOf(':');
      return {
        name: line.slice(0, Math.max(colon, 0)).toLowerCase(),
        value: line.slice(colon + 1).trim(),
      };
    });
    const isExpected =
      fields.length === expectedNames.length &&
      fields.every(({ name }, index) => name === expectedNames[index]) &&
      (this.#pending === '' || this.#pending.endsWith('\n'));
    if (!isExpected) throw new GatewayError('MalformedTrailerError');
    const [trailer, signature] = fields;
    if (!trailer) return;
    this.#trailerValue = trailer.value;
    if (signature) signatures?.endTrailer(`${trailer.name}:${trailer.value}\n`, signature.value);
  }
}
