import type { SentContent, Value } from './content.ts';
import { type Effect, type Held, KeyHistory, type Span, type Write } from './key-history.ts';

/** After everything: what may be seen when no write is under way any more. */
const AFTERWARDS: Span = {
  startedAt: Number.POSITIVE_INFINITY,
  endedAt: Number.POSITIVE_INFINITY,
};

/** What every key may hold, from the writes that were sent and how they were answered. */
export class ExpectedState {
  readonly #histories = new Map<string, KeyHistory>();
  readonly #values = new Map<string, Value>();
  readonly #touched = new Set<string>();
  readonly #sent = new Set<SentContent>();
  #tick = 0;

  /** The next tick of a clock that orders requests and answers. */
  tick(): number {
    this.#tick += 1;
    return this.#tick;
  }

  begin(key: string, operation: string, effect: Effect, sent: SentContent | null = null): Write {
    if (effect.kind === 'put') this.#values.set(effect.value.etag, effect.value);
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

  /** The content with this ETag that the harness made; undefined for none. */
  valueOfEtag(etag: string): Value | undefined {
    return this.#values.get(etag);
  }

  /** All that may be seen under the key in the span; afterwards when none is given. */
  heldOf(key: string, span: Span = AFTERWARDS, except?: Write): Held[] {
    const byEtag = new Map<string, Held>();
    this.#collect(key, span, byEtag, new Set(except ? [except] : []));
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

  /** Forgets contents that no key holds, and what was sent without an answer. All keys must be settled. */
  forgetUnusedValues(): void {
    this.#values.clear();
    this.#sent.clear();
    for (const [key, { held }] of this.#histories) {
      if (held) this.#values.set(held.etag, held);
      else this.#histories.delete(key);
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

  /** `seen` ends the walk where copies go round in a circle. */
  #collect(key: string, span: Span, into: Map<string, Held>, seen: Set<Write>): void {
    const history = this.#historyOf(key);
    if (history.mayStillHold(span)) into.set(history.held?.etag ?? '', history.held);
    for (const write of history.visibleWrites(span)) {
      if (seen.has(write)) continue;
      seen.add(write);
      const { effect } = write;
      if (effect.kind === 'delete') into.set('', null);
      else if (effect.kind === 'put') into.set(effect.value.etag, effect.value);
      else this.#collectCopied(effect.sourceKey, write, into, seen);
    }
  }

  #collectCopied(sourceKey: string, copy: Write, into: Map<string, Held>, seen: Set<Write>): void {
    const found = new Map<string, Held>();
    this.#collect(sourceKey, copy, found, seen);
    // Nothing is copied from where nothing is.
    found.delete('');
    for (const [etag, held] of found) into.set(etag, held);
  }
}
