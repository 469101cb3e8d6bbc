import { crc32 } from 'node:zlib';

/**
 * Content of known size, cut into segments. Bytes are counted into a CRC-32 as they pass; a chunk
 * that crosses a border is split without a copy.
 */
export class SegmentSource {
  readonly #iterator: AsyncIterator<Buffer>;
  #bytesLeft: number;
  #rest: Buffer | null = null;
  #segmentCrc32 = 0;
  #isSegmentStarted = false;
  #failure: { readonly error: unknown } | null = null;

  constructor(content: AsyncIterable<Buffer>, size: number) {
    this.#iterator = content[Symbol.asyncIterator]();
    this.#bytesLeft = size;
  }

  /** What the content itself threw; null while it has not. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure;
  }

  /** Whether content of the present segment has been asked for. */
  get isSegmentStarted(): boolean {
    return this.#isSegmentStarted;
  }

  /** CRC-32 of what the present segment has given so far. */
  get segmentCrc32(): number {
    return this.#segmentCrc32;
  }

  /** To be called before each segment. */
  startSegment(): void {
    this.#isSegmentStarted = false;
    this.#segmentCrc32 = 0;
  }

  /**
   * The next `size` bytes. The last segment ends only when the content has ended, and lets bytes
   * beyond the announced size through, so that whoever sends it notices.
   */
  async *segment(size: number): AsyncGenerator<Buffer, void, void> {
    this.#isSegmentStarted = true;
    const isLast = size >= this.#bytesLeft;
    let left = size;
    while (left > 0 || isLast) {
      const chunk = this.#rest ?? (await this.#next());
      this.#rest = null;
      if (chunk === null) return;
      const piece = chunk.length > left && !isLast ? chunk.subarray(0, left) : chunk;
      if (piece.length < chunk.length) this.#rest = chunk.subarray(piece.length);
      left -= piece.length;
      this.#bytesLeft -= piece.length;
      this.#segmentCrc32 = crc32(piece, this.#segmentCrc32);
      yield piece;
    }
  }

  /** Lets the content free what it holds, when no more of it is wanted. */
  giveUp(): void {
    this.#iterator.return?.().catch(() => {});
  }

  async #next(): Promise<Buffer | null> {
    try {
      const step = await this.#iterator.next();
      return step.done ? null : step.value;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}
