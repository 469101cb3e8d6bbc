import { createHash, type Hash } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import type { SigningContext } from './authentication.ts';
import {
  emptySha256Hex,
  hmacSha256,
  renderScope,
  sha256Hex,
  signaturesEqual,
} from './signature-v4.ts';

/**
 * The chain of chunk signatures: each covers the one before it, so chunks can be neither changed,
 * dropped, added nor reordered.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export class ChunkSignatures {
  readonly #context: SigningContext;
  #previous: string;
  #hash: Hash = createHash('sha256');

  constructor(context: SigningContext) {
    this.#context = context;
    this.#previous = context.seedSignature;
  }

  /** Content of the current chunk, in any pieces. */
  update(content: Buffer): void {
    this.#hash.update(content);
  }

  /** Ends the current chunk; throws `SignatureDoesNotMatch` unless `signature` is its own. */
  endChunk(signature: string): void {
    const contentHash = this.#hash.digest('hex');
    this.#hash = createHash('sha256');
    this.#verify('AWS4-HMAC-SHA256-PAYLOAD', `${emptySha256Hex}\n${contentHash}`, signature);
  }

  /** `trailer` is `name:value\n` for each trailing header, in the order received. */
  endTrailer(trailer: string, signature: string): void {
    this.#verify('AWS4-HMAC-SHA256-TRAILER', sha256Hex(trailer), signature);
  }

  #verify(algorithm: string, hashes: string, signature: string): void {
    const { signingKey, scope, timestamp } = this.#context;
    const toSign = `${algorithm}\n${timestamp}\n${renderScope(scope)}\n${this.#previous}\n${hashes}`;
    const expected = hmacSha256(signingKey, toSign).toString('hex');
    if (!signaturesEqual(expected, signature)) {
      throw new GatewayError('SignatureDoesNotMatch', {
        StringToSign: toSign,
        SignatureProvided: signature,
      });
    }
    this.#previous = expected;
  }
}
