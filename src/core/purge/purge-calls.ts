import { setTimeout as wait } from 'node:timers/promises';
import type { OutboundHttp } from '../../outbound/outbound-http.ts';
import type { Logger } from '../../support/logger.ts';

const callTimeoutMs = 5_000;
const callsAtOnceMax = 8;
/** URLs that wait; more are dropped, and the operator told. */
const waitingMax = 100_000;
const attemptsMax = 6;
const firstRetryMs = 1_000;

export type PurgeOutcome = 'purged' | 'absent' | 'failed' | 'dropped';

export interface PurgeCallsOptions {
  readonly outbound: Pick<OutboundHttp, 'request'>;
  readonly logger: Logger;
  /** Told how each URL ended. */
  readonly onOutcome?: (outcome: PurgeOutcome) => void;
  /** Rest before the first retry, doubled by each that follows; replaced in tests. */
  readonly firstRetryMs?: number;
}

interface Call {
  readonly url: string;
  readonly attempts: number;
}

/**
 * Calls URLs that make caches forget something, in the background and with retries: nobody waits
 * for a cache that is down. What waits is lost when the process ends.
 */
export class PurgeCalls {
  readonly #options: PurgeCallsOptions;
  readonly #waiting = new Map<string, Call>();
  readonly #closing = new AbortController();
  readonly #retries = new Set<Promise<void>>();
  #running = 0;
  #isFull = false;

  constructor(options: PurgeCallsOptions) {
    this.#options = options;
  }

  /** URLs that wait for their call, or for another try. */
  get waitingCount(): number {
    return this.#waiting.size + this.#retries.size;
  }

  get hasRoom(): boolean {
    return this.waitingCount < waitingMax / 2;
  }

  add(urls: Iterable<string>): void {
    for (const url of urls) this.#add({ url, attempts: 0 });
  }

  /** Gives up what waits; calls under way are broken off. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the gateway stops'));
    this.#waiting.clear();
    await Promise.allSettled(this.#retries);
  }

  #add(call: Call): void {
    if (this.#closing.signal.aborted || this.#waiting.has(call.url)) return;
    if (this.waitingCount >= waitingMax) {
      if (!this.#isFull) {
        this.#options.logger.warn(
          { waiting: waitingMax },
          'too many purge calls wait: some are dropped',
        );
      }
      this.#isFull = true;
      this.#options.onOutcome?.('dropped');
      return;
    }
    this.#waiting.set(call.url, call);
    if (this.#running < callsAtOnceMax) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running += 1;
    for (const call of this.#waiting.values()) {
      this.#waiting.delete(call.url);
      await this.#call(call);
      if (this.#closing.signal.aborted) break;
    }
    this.#running -= 1;
    if (this.#waiting.size === 0) this.#isFull = false;
  }

  async #call(call: Call): Promise<void> {
    const { outbound, logger, onOutcome } = this.#options;
    const { signal } = this.#closing;
    try {
      const answer = await outbound.request({
        ...{ method: 'GET', url: call.url, timeoutMs: callTimeoutMs, signal },
      });
      answer.body.resume().on('error', () => {});
      // The usual answer where nothing of that name is kept: 404, or 412 by some versions.
      const isAbsent = answer.status === 404 || answer.status === 412;
      if (!isAbsent && (answer.status < 200 || answer.status > 299)) {
        throw new Error(`it answers ${answer.status}`);
      }
      onOutcome?.(isAbsent ? 'absent' : 'purged');
    } catch (error) {
      if (signal.aborted) return;
      if (call.attempts + 1 < attemptsMax) return this.#retry(call);
      onOutcome?.('failed');
      logger.warn({ err: error, url: call.url }, 'a cache could not be told to forget a file');
    }
  }

  #retry({ url, attempts }: Call): void {
    const restMs = (this.#options.firstRetryMs ?? firstRetryMs) * 2 ** attempts;
    const retry = wait(restMs, undefined, { signal: this.#closing.signal, ref: false }).then(
      () => {
        this.#retries.delete(retry);
        this.#add({ url, attempts: attempts + 1 });
      },
      () => {
        this.#retries.delete(retry);
      },
    );
    this.#retries.add(retry);
  }
}
