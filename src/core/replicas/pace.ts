import { setTimeout } from 'node:timers/promises';

/** Lets so many tasks begin each second, evenly. */
export class Pace {
  readonly #intervalMs: number;
  #nextMs = Number.NEGATIVE_INFINITY;

  constructor(tasksPerSecond: number) {
    this.#intervalMs = 1000 / tasksPerSecond;
  }

  /** Resolves when the next task may begin; rejects when the signal is aborted before. */
  async next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const nowMs = performance.now();
    const startMs = Math.max(nowMs, this.#nextMs);
    this.#nextMs = startMs + this.#intervalMs;
    // A timer cannot wait for less; what it is late is made up for by the next ones.
    if (startMs - nowMs >= 1) await setTimeout(startMs - nowMs, null, { signal });
  }
}
