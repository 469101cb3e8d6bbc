import type { SentContent, Value } from './content.ts';

/** What a key holds; null when there is no object. */
export type Held = Value | null;

/** What a write does to its key. */
export type Effect =
  | { readonly kind: 'put'; readonly value: Value }
  | { readonly kind: 'delete' }
  /** Whatever the other key holds at that moment. */
  | { readonly kind: 'copy'; readonly sourceKey: string };

/** From before a request was sent until after its answer, in ticks of the harness's clock. */
export interface Span {
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface Write {
  readonly key: string;
  readonly operation: string;
  /** What becomes files on storage servers; null for writes that make none. */
  readonly sent: SentContent | null;
  readonly startedAt: number;
  /** Infinite while there is no answer: it may happen at any time, or never. */
  endedAt: number;
  outcome: 'unanswered' | 'acknowledged' | 'refused';
  effect: Effect;
}

/**
 * Writes to one key since it was last known what it holds. A register: of writes whose times
 * overlap any may have come last, and one that was acknowledged before another one began did not.
 */
export class KeyHistory {
  #held: Held;
  #heldSince = 0;
  #writes: Write[] = [];

  constructor(held: Held) {
    this.#held = held;
  }

  get writes(): readonly Write[] {
    return this.#writes;
  }

  get held(): Held {
    return this.#held;
  }

  add(write: Write): void {
    this.#writes.push(write);
  }

  /** No write is under way any more, and this is what the key was found to hold. */
  settle(held: Held, atTick: number): void {
    this.#held = held;
    this.#heldSince = atTick;
    this.#writes = [];
  }

  /** Whether what it held before all writes may be seen in the span. */
  mayStillHold(span: Span): boolean {
    return !this.#isOverwritten(this.#heldSince, span);
  }

  /** Writes whose effect may be seen in the span. */
  visibleWrites(span: Span): Write[] {
    return this.#writes.filter(
      (write) =>
        write.outcome !== 'refused' &&
        write.startedAt < span.endedAt &&
        !this.#isOverwritten(write.endedAt, span),
    );
  }

  /** True when a write lies wholly after `fromTick` and before the span. */
  #isOverwritten(fromTick: number, span: Span): boolean {
    return this.#writes.some(
      (write) =>
        write.outcome === 'acknowledged' &&
        write.startedAt > fromTick &&
        write.endedAt < span.startedAt,
    );
  }
}
