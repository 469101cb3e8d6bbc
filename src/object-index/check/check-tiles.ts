/** Bytes of an object or part that are somewhere: a segment, or a part of an object. */
export interface Tile {
  readonly startOffset: number;
  readonly size: number;
}

export interface TileProblem {
  readonly kind: 'gap' | 'overlap' | 'excess';
  /** `bytes 10 to 19 are missing` */
  readonly text: string;
}

/** Whether tiles, in order of their offsets, cover what they belong to exactly; told one by one. */
export class TileCheck {
  #expected = 0;
  #problem: TileProblem | null = null;
  #count = 0;

  /** Tiles so far. */
  get count(): number {
    return this.#count;
  }

  add({ startOffset, size }: Tile): void {
    const expected = this.#expected;
    if (startOffset > expected) {
      this.#note('gap', `bytes ${expected} to ${startOffset - 1} are missing`);
    } else if (startOffset < expected) {
      this.#note('overlap', `bytes ${startOffset} to ${expected - 1} are there twice`);
    }
    this.#count += 1;
    this.#expected = Math.max(expected, startOffset + size);
  }

  /** The first thing that is wrong; null when the tiles are `size` bytes without gap or overlap. */
  end(size: number): TileProblem | null {
    const found = this.#expected;
    if (found < size) this.#note('gap', `bytes ${found} to ${size - 1} are missing`);
    else if (found > size) this.#note('excess', `there are ${found - size} bytes too many`);
    return this.#problem;
  }

  #note(kind: TileProblem['kind'], text: string): void {
    this.#problem ??= { kind, text };
  }
}
