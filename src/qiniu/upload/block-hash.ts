import { Readable } from 'node:stream';
import { createSHA1, type IHasher } from 'hash-wasm';
import type { IncomingContent } from '../../core/incoming-content.ts';
import { qetagOfBlocks } from '../../core/qetag.ts';

/**
 * SHA-1 of a block that comes in several chunks, by several requests: its state is kept with the
 * last chunk, so that no chunk is read again.
 */
export class BlockHash {
  readonly #hasher: IHasher;

  private constructor(hasher: IHasher) {
    this.#hasher = hasher;
  }

  /** `state` in base64, as `state()` gave it; null at the beginning of a block. */
  static async start(state: string | null): Promise<BlockHash> {
    const hasher = await createSHA1();
    if (state === null) hasher.init();
    else hasher.load(Buffer.from(state, 'base64'));
    return new BlockHash(hasher);
  }

  /** The same content, seen on its way. */
  watch(content: IncomingContent): IncomingContent {
    const update = (chunk: Buffer) => this.#hasher.update(chunk);
    return {
      size: content.size,
      checksumAlgorithm: content.checksumAlgorithm,
      declaresSha256: content.declaresSha256,
      open: () => Readable.from(watched(content.open(), update), { objectMode: false }),
      declared: () => content.declared(),
    };
  }

  state(): string {
    return Buffer.from(this.#hasher.save()).toString('base64');
  }

  /** Kodo's hash of the block as far as it goes; ends the computation. */
  qetag(): string {
    return qetagOfBlocks([Buffer.from(this.#hasher.digest('binary'))]);
  }
}

async function* watched(
  source: Readable,
  update: (chunk: Buffer) => void,
): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    update(chunk);
    yield chunk;
  }
}

/** SHA-1 of a block, from Kodo's hash of it. */
export function blockHashOf(qetag: string): Buffer {
  return Buffer.from(qetag, 'base64url').subarray(1);
}
