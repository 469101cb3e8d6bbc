import type { SentContent } from './content.ts';
import { type Effect, type Held, KeyHistory, type Span, type Write } from './key-history.ts';

/** After everything: what may be seen when no write is under way any more. */
const AFTERWARDS: Span = {
  startedAt: Number.POSITIVE_INFINITY,
  endedAt: Number.POSITIVE_INFINITY,
};

/** What every key may hold, from the writes that were sent and how they were answered. */
export class ExpectedState {
  readonly #histories = new Map<string, KeyHistory>();
  readonly #touched = new Set<string>();
  readonly #sent = new Set<SentContent>();
  #tick = 0;

  /** The next tick of a clock that orders requests and answers. */
  tick(): number {
    this.#tick += 1;
    return this.#tick;
  }

  begin(key: string, operation: string, effect: Effect, sent: SentContent | null = null): Write {
    const write: Write = {
      key,
      operation,
      sent,
      startedAt: this.tick(),
      endedAt: Number.POSITIVE_INFINITY,
      outcome: 'unanswered',
      effect,
    };
    this.#historyOf(key).add(write);
    this.#touched.add(key);
    if (sent) this.#sent.add(sent);
    return write;
  }

  end(write: Write, outcome: 'acknowledged' | 'refused'): void {
    write.endedAt = this.tick();
    write.outcome = outcome;
    if (write.sent) this.#sent.delete(write.sent);
  }

  /** Content of a part is on its way. */
  beginSending(sent: SentContent): void {
    this.#sent.add(sent);
  }

  endSending(sent: SentContent): void {
    this.#sent.delete(sent);
  }

  /** Content that was sent without an answer: the gateway may have left files of it behind. */
  get unansweredContent(): readonly SentContent[] {
    return [...this.#sent];
  }

  /** All that may be seen under the key in the span; afterwards when none is given. */
  heldOf(key: string, span: Span = AFTERWARDS, except?: Write): Held[] {
    const visible = this.#visibleIn(key, span, except);
    const byEtag = new Map<string, Held>(visible.held.map((held) => [held?.etag ?? '', held]));
    // Copies may have made copies of copies, and go round in a circle.
    const copies = visible.copies;
    for (const [copy, sourceKey] of copies) {
      const source = this.#visibleIn(sourceKey, copy, except);
      // Nothing is copied from where nothing is.
      for (const held of source.held) if (held) byEtag.set(held.etag, held);
      for (const [write, sourceKey] of source.copies)
        if (!copies.has(write)) copies.set(write, sourceKey);
    }
    return [...byEtag.values()];
  }

  writesOf(key: string): readonly Write[] {
    return this.#historyOf(key).writes;
  }

  settledOf(key: string): Held {
    return this.#historyOf(key).held;
  }

  /** Keys that were written to since they were settled. */
  get touchedKeys(): readonly string[] {
    return [...this.#touched];
  }

  get allKeys(): readonly string[] {
    return [...this.#histories.keys()];
  }

  get unansweredWrites(): Write[] {
    return [...this.#touched]
      .flatMap((key) => this.#historyOf(key).writes)
      .filter((write) => write.outcome === 'unanswered');
  }

  settle(key: string, held: Held): void {
    this.#historyOf(key).settle(held, this.tick());
    this.#touched.delete(key);
  }

  /** Forgets keys without an object, and what was sent without an answer. All keys must be settled. */
  forgetRound(): void {
    this.#sent.clear();
    for (const [key, { held }] of this.#histories) {
      if (!held) this.#histories.delete(key);
    }
  }

  #historyOf(key: string): KeyHistory {
    let history = this.#histories.get(key);
    if (!history) {
      history = new KeyHistory(null);
      this.#histories.set(key, history);
    }
    return history;
  }

  #visibleIn(
    key: string,
    span: Span,
    except?: Write,
  ): { held: Held[]; copies: Map<Write, string> } {
    const history = this.#historyOf(key);
    const held: Held[] = history.mayStillHold(span) ? [history.held] : [];
    /** Source keys. */
    const copies = new Map<Write, string>();
    for (const write of history.visibleWrites(span)) {
      if (write === except) continue;
      const { effect } = write;
      if (effect.kind === 'copy') copies.set(write, effect.sourceKey);
      else held.push(effect.kind === 'put' ? effect.value : null);
    }
    return { held, copies };
  }
}
