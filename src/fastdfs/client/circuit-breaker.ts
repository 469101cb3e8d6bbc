/**
 * - `closed`: used as usual.
 * - `open`: left alone until its cool-off is over.
 * - `half-open`: one use at a time finds out whether it works again.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerSettings {
  /** How long it stays open after the first failure; doubled by each failure that follows. */
  readonly coolOffMs: number;
  readonly coolOffMsMax: number;
}

/** A probe counts for so long: a slow one must not keep a server that works out of use. */
const PROBE_LIFETIME_MS = 10_000;

/**
 * A circuit breaker: what failed is left alone for a while, then tried by one user at a time, and
 * left alone for longer each time that fails. All times are `performance.now()`.
 */
export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  #isClosed = true;
  #openUntilMs = 0;
  /** Failures since it worked for as long as the longest cool-off. */
  #failures = 0;
  #lastFailureMs = Number.NEGATIVE_INFINITY;
  #probeEndsMs = Number.NEGATIVE_INFINITY;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
  }

  stateAt(nowMs: number): BreakerState {
    if (this.#isClosed) return 'closed';
    return nowMs < this.#openUntilMs ? 'open' : 'half-open';
  }

  /** Whether somebody else should be asked: it is open, or being tried already. */
  isAvoidedAt(nowMs: number): boolean {
    return !this.#isClosed && (nowMs < this.#openUntilMs || nowMs < this.#probeEndsMs);
  }

  /** Tells that a use begins; in a half-open breaker the next ones are sent elsewhere meanwhile. */
  begin(nowMs: number): void {
    if (!this.#isClosed && nowMs >= this.#openUntilMs) {
      this.#probeEndsMs = nowMs + PROBE_LIFETIME_MS;
    }
  }

  /** Tells that a use ended without showing anything; the next one may try. */
  release(): void {
    this.#probeEndsMs = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.#isClosed = true;
    this.release();
  }

  open(nowMs: number): void {
    const { coolOffMs, coolOffMsMax } = this.#settings;
    // Failures of requests that were under way when it opened tell nothing new.
    if (!this.#isClosed && nowMs < this.#openUntilMs) return;
    if (nowMs - this.#lastFailureMs > coolOffMsMax * 2) this.#failures = 0;
    this.#lastFailureMs = nowMs;
    this.#openUntilMs =
      nowMs + Math.min(coolOffMs * 2 ** Math.min(this.#failures, 20), coolOffMsMax);
    this.#failures += 1;
    this.#isClosed = false;
    this.release();
  }

  /** Ends the first cool-off early; those that followed stay, or a server that only seems well
   * would be tried all the time. */
  coolDown(nowMs: number): void {
    if (this.#failures <= 1) this.#openUntilMs = Math.min(this.#openUntilMs, nowMs);
  }
}
