/** The time in which the reader of a download takes no bytes. */
export class ReaderPause {
  readonly #longMs: number;
  readonly #onLong: () => void;
  #timer: NodeJS.Timeout | null = null;
  #end: (() => void) | null = null;
  #over: Promise<void> | null = null;

  /** `onLong` is called when a pause has lasted for `longMs`. */
  constructor(longMs: number, onLong: () => void) {
    this.#longMs = longMs;
    this.#onLong = onLong;
  }

  /** Whether a pause became a long one, and nobody has awaited its end yet. */
  get isLong(): boolean {
    return this.#over !== null;
  }

  start(): void {
    this.#timer ??= setTimeout(() => {
      this.#over = new Promise((resolve) => {
        this.#end = resolve;
      });
      this.#onLong();
    }, this.#longMs).unref();
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#end?.();
  }

  /** Resolves when a long pause is over. Rejects with the signal's reason. */
  async over(signal: AbortSignal): Promise<void> {
    const end = () => this.end();
    signal.addEventListener('abort', end);
    if (signal.aborted) this.end();
    await this.#over;
    signal.removeEventListener('abort', end);
    this.#over = null;
    this.#end = null;
    signal.throwIfAborted();
  }
}
