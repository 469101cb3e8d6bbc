const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/**
 * Cuts a form's bytes behind every blank line: each part's content begins where a slice does, which
 * is how its place in the body is known.
 */
export class HeadSlicer {
  /** How much of CR LF CR LF the last bytes are. */
  #matched = 0;
  #sliced = 0;
  #offset = 0;

  /** Where the slice begins that was given last. */
  get offset(): number {
    return this.#offset;
  }

  /** All of `chunk`, in order. */
  *slices(chunk: Buffer): Generator<Buffer, void, void> {
    let start = 0;
    for (let index = 0; index < chunk.length; index += 1) {
      if (!this.#endsBlankLine(chunk[index])) continue;
      yield this.#slice(chunk, start, index + 1);
      start = index + 1;
    }
    if (start < chunk.length) yield this.#slice(chunk, start, chunk.length);
  }

  #endsBlankLine(byte: number | undefined): boolean {
    const expected = this.#matched % 2 === 0 ? carriageReturn : lineFeed;
    if (byte === expected) this.#matched += 1;
    else this.#matched = byte === carriageReturn ? 1 : 0;
    if (this.#matched < 4) return false;
    this.#matched = 0;
    return true;
  }

  #slice(chunk: Buffer, start: number, end: number): Buffer {
    this.#offset = this.#sliced;
    this.#sliced += end - start;
    return chunk.subarray(start, end);
  }
}
