import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { ContentDigest, checkDigests } from '../core/content-digest.ts';
import { GatewayError } from '../core/errors.ts';
import type { DeclaredDigests, IncomingContent } from '../core/incoming-content.ts';
import type { BodyPaceLimits } from '../http/body-pace.ts';
import { BodyStream } from '../http/body-stream.ts';
import { type ContentDecoder, PlainDecoder } from '../http/content-decoder.ts';
import type { RequestHeaders } from '../http/request-headers.ts';
import type { ChecksumAlgorithm } from '../object-index/records.ts';
import type { Authentication, SigningContext } from './auth/authentication.ts';
import { ChunkSignatures } from './auth/chunk-signatures.ts';
import { ChunkedDecoder } from './auth/chunked-body.ts';
import { type BodyChecksum, bodyChecksum } from './body-checksum.ts';

export interface RequestBodyOptions {
  readonly pace: BodyPaceLimits;
  /** Called when the body is wanted, with the stream that reads it. */
  readonly onOpen: (stream: BodyStream) => void;
  /**
   * True where `x-amz-checksum-*` headers speak of the object and not of this body
   * (CompleteMultipartUpload).
   */
  readonly checksumIsOfObject: boolean;
}

function parseLength(text: string | null): number | null {
  if (text === null) return null;
  const length = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(length)) return length;
  throw new GatewayError('InvalidArgument', { message: 'The declared length is not a number.' });
}

function parseContentMd5(text: string | null): Buffer | null {
  if (text === null) return null;
  const md5 = Buffer.from(text, 'base64');
  if (md5.length !== 16 || md5.toString('base64') !== text.trim()) {
    throw new GatewayError('InvalidDigest', { 'Content-MD5': text });
  }
  return md5;
}

function chunkSignatures(signing: SigningContext | null): ChunkSignatures {
  if (signing) return new ChunkSignatures(signing);
  throw new GatewayError('InvalidRequest', {
    message: 'Chunk signatures need a request signed with AWS4-HMAC-SHA256.',
  });
}

/** The body of one request: its framing, its length and all that the client declared of it. */
export class RequestBody implements IncomingContent {
  readonly size: number;
  readonly declaresSha256: boolean;
  readonly #incoming: IncomingMessage;
  readonly #options: RequestBodyOptions;
  readonly #decoder: ContentDecoder;
  readonly #md5: Buffer | null;
  readonly #sha256Hex: string | null;
  readonly #checksum: BodyChecksum | null;

  /**
   * Throws `MissingContentLength`, `InvalidDigest`, `InvalidRequest` for checksums that cannot be
   * used, and `NotImplemented` for transfer encodings other than chunked.
   */
  constructor(
    incoming: IncomingMessage,
    { headers, payload, signing }: Omit<Authentication, 'caller'>,
    options: RequestBodyOptions,
  ) {
    this.#incoming = incoming;
    this.#options = options;
    const isChunked = payload.kind === 'chunked';
    this.size = declaredSize(headers, isChunked);
    this.#md5 = parseContentMd5(headers.get('content-md5'));
    this.#sha256Hex = payload.kind === 'sha256' ? payload.sha256Hex : null;
    this.declaresSha256 = this.#sha256Hex !== null;
    this.#checksum = options.checksumIsOfObject
      ? null
      : bodyChecksum(headers, { hasTrailer: isChunked && payload.hasTrailer });
    this.#decoder = isChunked
      ? new ChunkedDecoder({
          decodedSize: this.size,
          signatures: payload.isSigned ? chunkSignatures(signing) : null,
          trailerName: payload.hasTrailer ? trailerName(headers) : null,
        })
      : new PlainDecoder(this.size);
  }

  get checksumAlgorithm(): ChecksumAlgorithm | null {
    return this.#checksum?.algorithm ?? null;
  }

  open(): Readable {
    const stream = new BodyStream(this.#incoming, this.#decoder, {
      pace: this.#options.pace,
      onOpen: () => this.#options.onOpen(stream),
    });
    return stream;
  }

  declared(): DeclaredDigests {
    const trailerValue =
      this.#decoder instanceof ChunkedDecoder ? this.#decoder.trailerValue : null;
    const checksumValue = this.#checksum?.value ?? trailerValue;
    return {
      ...(this.#md5 && { md5: this.#md5 }),
      ...(this.#sha256Hex !== null && { sha256Hex: this.#sha256Hex }),
      ...(this.#checksum && checksumValue !== null && { checksumValue }),
    };
  }

  /** All of it as UTF-8, verified. Throws `MalformedXML` above `sizeBytesMax` or for other text. */
  async text(sizeBytesMax: number): Promise<string> {
    if (this.size > sizeBytesMax) {
      throw new GatewayError('MalformedXML', {
        message: `The XML you provided is longer than ${sizeBytesMax} bytes.`,
      });
    }
    const digest = await ContentDigest.start({
      checksumAlgorithm: this.checksumAlgorithm,
      sha256: this.declaresSha256,
    });
    const pieces: Buffer[] = [];
    for await (const piece of this.open() as AsyncIterable<Buffer>) {
      digest.update(piece);
      pieces.push(piece);
    }
    checkDigests(digest.finish(), this.declared(), this.checksumAlgorithm);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces));
    } catch (error) {
      throw new GatewayError('MalformedXML', {}, { cause: error });
    }
  }
}

function trailerName(headers: RequestHeaders): string {
  return (headers.get('x-amz-trailer') ?? '').trim().toLowerCase();
}

/** Bytes of content. An unframed body must say its `Content-Length`, as AWS demands. */
export function declaredSize(headers: RequestHeaders, isChunked: boolean): number {
  const transferEncoding = headers.get('transfer-encoding');
  if (transferEncoding !== null && transferEncoding.toLowerCase() !== 'chunked') {
    throw new GatewayError('NotImplemented', {
      message: 'The header Transfer-Encoding may only be chunked.',
    });
  }
  const name = isChunked ? 'x-amz-decoded-content-length' : 'content-length';
  const size = parseLength(headers.get(name));
  if (size === null) throw new GatewayError('MissingContentLength');
  return size;
}

/** Whether the request has a body at all; an empty one counts when its length is declared. */
export function hasBody(headers: RequestHeaders): boolean {
  return headers.get('content-length') !== null || headers.get('transfer-encoding') !== null;
}
