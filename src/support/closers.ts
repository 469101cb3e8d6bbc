/** What has been opened, to be closed in the opposite order, however far the opening came. */
export class Closers {
  readonly #closers: (() => unknown)[] = [];

  /** `close` may return a promise; it is awaited before the next one is closed. */
  add(close: () => unknown): void {
    this.#closers.push(close);
  }

  /** Closes everything, even when some of it fails; then throws the first failure. Runs once. */
  async closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
