import { IndexError, type IndexErrorReason } from './object-index.ts';

/** A commit proves for so long that writes work. */
const PROVEN_MS = 5_000;

/**
 * Whether the index can really commit: a disk that is full or gone read-only answers every read.
 * What clients write tells it for nothing; a write of its own is made only when they don't.
 */
export class WriteHealth {
  readonly #probe: () => Promise<unknown>;
  readonly #now: () => number;
  readonly #failures: Record<IndexErrorReason, number> = { full: 0, overloaded: 0, failed: 0 };
  #provenAtMs = Number.NEGATIVE_INFINITY;
  #probing: Promise<void> | null = null;

  /** `probe` commits a change, through `observe`; `now` is a monotonic clock. */
  constructor(probe: () => Promise<unknown>, now: () => number = () => performance.now()) {
    this.#probe = probe;
    this.#now = now;
  }

  /** Writes that failed since the start, by reason. */
  get failures(): Readonly<Record<IndexErrorReason, number>> {
    return this.#failures;
  }

  /** Does a write, and learns from how it ends. */
  async observe(name: string, write: () => Promise<unknown>): Promise<unknown> {
    try {
      const value = await write();
      if (changedSomething(name, value)) this.#provenAtMs = this.#now();
      return value;
    } catch (error) {
      this.#provenAtMs = Number.NEGATIVE_INFINITY;
      this.#failures[error instanceof IndexError ? error.reason : 'failed'] += 1;
      throw error;
    }
  }

  /**
   * Resolves when a write was committed in the last seconds and none has failed since, or when one
   * is now. Rejects with `IndexError`. Calls while the disk hangs share one write.
   */
  async verify(): Promise<void> {
    if (this.#now() - this.#provenAtMs <= PROVEN_MS) return;
    this.#probing ??= this.#probe()
      .then(() => {})
      .finally(() => {
        this.#probing = null;
      });
    await this.#probing;
  }
}

/** A write that found nothing to change commits without touching the disk: it proves nothing. */
function changedSomething(name: string, value: unknown): boolean {
  if (name === 'probeWrite') return true;
  const outcome = (value as { readonly outcome?: unknown } | null)?.outcome ?? value;
  return outcome === 'stored' || outcome === 'completed';
}
