import { createHash, type Hash } from 'node:crypto';

/** Bytes of each block but the last. */
export const qetagBlockSizeBytes = 4 * 1024 ** 2;

const hashSizeBytes = 20;

/** First byte of the raw value: one block, several blocks, parts of any size. */
const oneBlock = 0x16;
const manyBlocks = 0x96;
const manyParts = 0x9e;

/**
 * Kodo's hash of content that passes in chunks: SHA-1 of the content, or of the SHA-1s of its 4 MiB
 * blocks, with a byte before it that tells which; 28 characters of URL-safe base64.
 * https://developer.qiniu.com/kodo/1231/appendix#qiniu-etag
 */
export class RunningQetag {
  readonly #blockHashes: Buffer[] = [];
  #block: Hash = createHash('sha1');
  #missing = qetagBlockSizeBytes;

  update(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > this.#missing) {
      const size = this.#missing;
      this.#block.update(rest.subarray(0, size));
      this.#blockHashes.push(this.#block.digest());
      this.#block = createHash('sha1');
      this.#missing = qetagBlockSizeBytes;
      rest = rest.subarray(size);
    }
    this.#block.update(rest);
    this.#missing -= rest.length;
  }

  /** Ends the computation; call it once. */
  digest(): string {
    this.#blockHashes.push(this.#block.digest());
    return qetagOfBlocks(this.#blockHashes);
  }
}

/** Of content whose 4 MiB blocks, the last of which may be shorter, have these SHA-1s; at least one. */
export function qetagOfBlocks(blockHashes: readonly Buffer[]): string {
  const [first] = blockHashes;
  if (first !== undefined && blockHashes.length === 1) return render(oneBlock, first);
  return render(manyBlocks, sha1(blockHashes));
}

/**
 * Of content in parts, from the qetags of the parts. Parts of 4 MiB each, but for a shorter last one,
 * give the same as the content in one piece; others do not.
 */
export function qetagOfParts(
  parts: readonly { readonly size: number; readonly qetag: string }[],
): string {
  const hashes = parts.map(({ qetag }) => Buffer.from(qetag, 'base64url').subarray(-hashSizeBytes));
  const areBlocks = parts.every(({ size }, index) =>
    index < parts.length - 1 ? size === qetagBlockSizeBytes : size <= qetagBlockSizeBytes,
  );
  if (!areBlocks) return render(manyParts, sha1(hashes));
  return hashes.length === 0 ? new RunningQetag().digest() : qetagOfBlocks(hashes);
}

function sha1(pieces: readonly Buffer[]): Buffer {
  const hash = createHash('sha1');
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}

/** 21 bytes, so that there is no padding. */
function render(kind: number, hash: Buffer): string {
  return Buffer.concat([Buffer.of(kind), hash]).toString('base64url');
}
