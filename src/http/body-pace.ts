export interface BodyPaceLimits {
  /** Longest wait for the client's next bytes, and how far it may be behind the rate. */
  readonly idleTimeoutMs: number;
  /** Bytes a second that a client has to send on average; 0 for any rate. */
  readonly bytesPerSecondMin: number;
}

/**
 * Watches whether a client sends its body fast enough. One that stalls, or trickles, holds a
 * connection to a storage server for as long as it is let. Time in which nobody reads does not
 * count; bytes that came fast earn no right to be slow later.
 */
export class BodyPace {
  readonly #limits: BodyPaceLimits;
  readonly #onTooSlow: () => void;
  #timer: NodeJS.Timeout | null = null;
  #isPaused = false;
  /** `performance.now()` since when it has been the client's turn. */
  #waitsSinceMs = 0;
  /** How much earlier the bytes that have come should have come. */
  #behindMs = 0;

  /** `onTooSlow` is called once, when the client has been too slow; then nothing more. */
  constructor(limits: BodyPaceLimits, onTooSlow: () => void) {
    this.#limits = limits;
    this.#onTooSlow = onTooSlow;
  }

  start(): void {
    this.#waitsSinceMs = performance.now();
    this.#timer = setTimeout(() => {
      if (this.#isPaused) this.#timer?.refresh();
      else this.#fail();
    }, this.#limits.idleTimeoutMs);
  }

  /** Counts bytes that came; false when they came too slowly. */
  received(size: number): boolean {
    if (this.#timer === null) return false;
    this.#timer.refresh();
    const { bytesPerSecondMin, idleTimeoutMs } = this.#limits;
    if (bytesPerSecondMin === 0) return true;
    const nowMs = performance.now();
    const earnedMs = (size * 1000) / bytesPerSecondMin;
    this.#behindMs = Math.max(0, this.#behindMs + nowMs - this.#waitsSinceMs - earnedMs);
    this.#waitsSinceMs = nowMs;
    if (this.#behindMs <= idleTimeoutMs) return true;
    this.#fail();
    return false;
  }

  /** Nobody reads for now. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#waitsSinceMs = performance.now();
    this.#timer?.refresh();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #fail(): void {
    this.stop();
    this.#onTooSlow();
  }
}
