import { setTimeout } from 'node:timers/promises';

/** Lets so many tasks begin, or so many bytes pass, each second, evenly. */
export class Pace {
  readonly #intervalMs: number;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(countPerSecond: number) {
    this.#intervalMs = 1000 / countPerSecond;
  }

  /**
   * Resolves when the next task may begin, which is worth `count` of them; rejects when the signal
   * is aborted before.
   */
  async next(signal: AbortSignal, count = 1): Promise<void> {
    signal.throwIfAborted();
    const nowMs = performance.now();
    const startMs = Math.max(nowMs, this.#nextMs);
    this.#nextMs = startMs + this.#intervalMs * count;
    // A timer cannot wait for less; what it is late is made up for by the next ones.
    if (startMs - nowMs >= 1) await setTimeout(startMs - nowMs, null, { signal });
  }
}
