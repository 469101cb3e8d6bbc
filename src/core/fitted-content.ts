import type { StoredFile } from '../blob-store/blob-store.ts';
import type { SegmentContent } from '../object-index/records.ts';

/**
 * Content whose size is only nearly known, for storage servers, which must be told a file's size
 * before its first byte: what is missing is made up by zeros, what is too much is set aside.
 */
export class FittedContent {
  readonly #content: AsyncIterable<Buffer>;
  readonly #size: number;
  readonly #excess: Buffer[] = [];

  /** `size` is what was announced; the content differs from it by little. */
  constructor(content: AsyncIterable<Buffer>, size: number) {
    this.#content = content;
    this.#size = size;
  }

  /** Exactly as many bytes as were announced. */
  async *chunks(): AsyncGenerator<Buffer, void, void> {
    let room = this.#size;
    for await (const chunk of this.#content) {
      if (room > 0) yield chunk.subarray(0, room);
      if (chunk.length > room) this.#excess.push(chunk.subarray(room));
      room = Math.max(0, room - chunk.length);
    }
    if (room > 0) yield Buffer.alloc(room);
  }

  /** What came beyond the size; complete once the chunks have ended. */
  get excess(): Buffer {
    return Buffer.concat(this.#excess);
  }
}

/** The first `size` bytes of files in their order; the last ones may not be needed at all. */
export function segmentsOfSize(
  files: readonly StoredFile[],
  size: number,
): readonly SegmentContent[] {
  const segments: SegmentContent[] = [];
  let missing = size;
  for (const file of files) {
    if (missing === 0) break;
    const used = Math.min(file.size, missing);
    const hasMoreBehind = used < file.size;
    segments.push({ ...file, fileOffset: 0, size: used, ...(hasMoreBehind && { hasMoreBehind }) });
    missing -= used;
  }
  return segments;
}
