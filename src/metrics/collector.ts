/**
 * Something that is looked at when metrics are asked for. It never runs twice at a time, however
 * many ask and however long it takes, and at most once in `intervalMs`.
 */
export class Collector {
  readonly #collect: () => Promise<void>;
  readonly #intervalMs: number;
  #collectedAtMs = Number.NEGATIVE_INFINITY;
  #collecting: Promise<void> | null = null;

  constructor(collect: () => Promise<void>, intervalMs = 0) {
    this.#collect = collect;
    this.#intervalMs = intervalMs;
  }

  /** Resolves when it is up to date, and after `waitMs` at the latest; never rejects. */
  async refresh(waitMs: number): Promise<void> {
    if (this.#collecting === null) {
      if (performance.now() - this.#collectedAtMs < this.#intervalMs) return;
      this.#collecting = this.#run();
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([this.#collecting, late]);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    try {
      await this.#collect();
      this.#collectedAtMs = performance.now();
    } catch {
      // Metrics of what fails show what was known last; readiness and the log tell of the failure.
    } finally {
      this.#collecting = null;
    }
  }
}
