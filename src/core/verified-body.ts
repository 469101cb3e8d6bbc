import { addAbortSignal, type Readable } from 'node:stream';
import { type ContentDigest, type ContentDigests, checkDigests } from './content-digest.ts';
import { GatewayError } from './errors.ts';
import type { IncomingContent } from './incoming-content.ts';

/** A request's body, checked against its declared size and digests while it is read once. */
export class VerifiedBody {
  readonly #content: IncomingContent;
  readonly #digest: ContentDigest;
  readonly #signal: AbortSignal;
  readonly #tolerance: number;
  #digests: ContentDigests | null = null;
  #received = 0;

  constructor(content: IncomingContent, digest: ContentDigest, signal: AbortSignal) {
    this.#content = content;
    this.#digest = digest;
    this.#signal = signal;
    this.#tolerance = content.sizeToleranceBytes ?? 0;
  }

  /** Bytes that came; all of them once it was verified. */
  get size(): number {
    return this.#received;
  }

  /**
   * The chunks of the body. The last one is held back until size and digests are verified, so
   * that a storage server never gets all bytes of a bad body and never makes a file of them.
   */
  async *chunks(): AsyncGenerator<Buffer, void, void> {
    let held: Buffer | null = null;
    for await (const chunk of this.#read()) {
      if (held) yield held;
      held = chunk;
    }
    this.#verify();
    if (held) yield held;
  }

  /** The body in one buffer, verified. Only for sizes up to the replay buffer's. */
  async readWhole(): Promise<Buffer> {
    let whole: Buffer | null = null;
    let length = 0;
    for await (const chunk of this.#read()) {
      if (chunk.length === this.#content.size && this.#tolerance === 0) whole = chunk;
      else {
        // One allocation of the declared size, however small the chunks that a client sends.
        whole ??= Buffer.allocUnsafe(this.#content.size + this.#tolerance);
        chunk.copy(whole, length);
      }
      length += chunk.length;
    }
    this.#verify();
    return whole?.subarray(0, length) ?? Buffer.alloc(0);
  }

  /** Digests of the body, once it was read and verified. */
  digests(): ContentDigests {
    if (!this.#digests) throw new Error('The body was stored before it was verified.');
    return this.#digests;
  }

  async *#read(): AsyncGenerator<Buffer, void, void> {
    const { size } = this.#content;
    const source: Readable = addAbortSignal(this.#signal, this.#content.open());
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (chunk.length === 0) continue;
      this.#received += chunk.length;
      if (this.#received > size + this.#tolerance) throw incompleteBody(size, this.#received);
      this.#digest.update(chunk);
      yield chunk;
    }
    if (this.#received < size - this.#tolerance) throw incompleteBody(size, this.#received);
  }

  #verify(): void {
    const digests = this.#digest.finish();
    checkDigests(digests, this.#content.declared(), this.#content.checksumAlgorithm);
    this.#digests = digests;
  }
}

function incompleteBody(declaredSize: number, receivedSize: number): GatewayError {
  return new GatewayError('IncompleteBody', {
    NumberBytesExpected: declaredSize,
    NumberBytesProvided: receivedSize,
  });
}
