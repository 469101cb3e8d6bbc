/** Entries of all buckets together; the oldest goes when one more comes. */
const missesMax = 10_000;

/** Keys that an origin did not have, for as long as nobody asks it again. */
export class RecentMisses {
  readonly #untilMs = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(key: string, ttlMs: number): void {
    if (ttlMs <= 0) return;
    this.#untilMs.delete(key);
    if (this.#untilMs.size >= missesMax) {
      const [oldest] = this.#untilMs.keys();
      if (oldest !== undefined) this.#untilMs.delete(oldest);
    }
    this.#untilMs.set(key, this.#now() + ttlMs);
  }

  has(key: string): boolean {
    const untilMs = this.#untilMs.get(key);
    if (untilMs === undefined) return false;
    if (untilMs > this.#now()) return true;
    this.#untilMs.delete(key);
    return false;
  }
}
