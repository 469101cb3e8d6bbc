/** Smaller pieces are joined until they have this size. */
const pieceSizeBytesMin = 16 * 1024;

/**
 * Joins small pieces of content. A client may send its body byte by byte, and each piece that waits
 * in a queue costs some hundred bytes besides its own: bounds in bytes would bound nothing.
 */
export class PieceGatherer {
  readonly #push: (piece: Buffer) => void;
  /** A small piece by itself, which may turn out to be all there is: not copied. */
  #held: Buffer | null = null;
  #joined: Buffer | null = null;
  #joinedSize = 0;

  constructor(push: (piece: Buffer) => void) {
    this.#push = push;
  }

  add(piece: Buffer): void {
    if (piece.length >= pieceSizeBytesMin) {
      this.flush();
      this.#push(piece);
    } else if (this.#held === null && this.#joined === null) {
      this.#held = piece;
    } else {
      this.#join(piece);
    }
  }

  /** Pushes what is left; to be called at the end. */
  flush(): void {
    const piece = this.#held ?? this.#joined?.subarray(0, this.#joinedSize);
    this.#held = null;
    this.#joined = null;
    this.#joinedSize = 0;
    if (piece) this.#push(piece);
  }

  #join(piece: Buffer): void {
    // Both what is joined already and the piece are smaller than the half.
    this.#joined ??= Buffer.allocUnsafeSlow(2 * pieceSizeBytesMin);
    if (this.#held) this.#joinedSize = this.#held.copy(this.#joined);
    this.#held = null;
    this.#joinedSize += piece.copy(this.#joined, this.#joinedSize);
    if (this.#joinedSize >= pieceSizeBytesMin) this.flush();
  }
}
