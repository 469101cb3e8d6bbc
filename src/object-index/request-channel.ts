import { IndexError, type IndexErrorReason } from './object-index.ts';
import type { WriteContext } from './statements.ts';

/** An operation's name and its arguments. */
export type Request = readonly [name: string, args: readonly unknown[]];

export type Reply =
  | { readonly value: unknown }
  | {
      readonly error: {
        readonly reason: IndexErrorReason;
        readonly message: string;
        readonly mayBeCommitted: boolean;
        readonly cause?: unknown;
      };
    };

/** As plain values: errors lose their own properties on the way from a thread. */
export function failedReply(error: IndexError): Reply {
  const { reason, message, mayBeCommitted, cause } = error;
  return { error: { reason, message, mayBeCommitted, cause } };
}

/** Answers requests in order, one reply for each. */
export type HandleRequests = (requests: readonly Request[], context: WriteContext) => Reply[];

export interface ChannelCounts {
  /** Calls without an answer yet. */
  readonly waitingCount: number;
  /** Calls that were answered, and the batches they were handled in, since the start. */
  readonly answeredCount: number;
  readonly batchCount: number;
}

/** Where operations are sent to be run. */
export interface RequestChannel {
  readonly counts: ChannelCounts;
  /** Rejects with `IndexError`; `overloaded` at once when too many are waiting. */
  call(name: string, args: readonly unknown[]): Promise<unknown>;
  /** Resolves when what was called before has been answered. */
  close(): Promise<void>;
}

export interface ChannelSettings {
  /** What the channel leads to, for messages: `writer`, `reader`. */
  readonly name: string;
  /** Calls that wait for an answer at any time. */
  readonly waitingMax: number;
  /** Requests that are handled together at most. */
  readonly batchMax: number;
  readonly context: () => WriteContext;
}

/** A call whose promise is not settled yet. */
export interface Waiting {
  readonly request: Request;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export function settle(waiting: Waiting, reply: Reply | undefined): void {
  if (reply && 'value' in reply) waiting.resolve(reply.value);
  else if (reply) {
    const { reason, message, ...options } = reply.error;
    waiting.reject(new IndexError(reason, message, options));
  } else waiting.reject(new IndexError('failed', 'no reply', { mayBeCommitted: true }));
}

export function overloaded({ name, waitingMax }: ChannelSettings): IndexError {
  return new IndexError(
    'overloaded',
    `${waitingMax} requests wait for the ${name} of the index already`,
  );
}

export function closed({ name }: ChannelSettings): IndexError {
  return new IndexError('failed', `the ${name} of the index is closed`);
}

/** Handles requests on this thread; those of one turn of the event loop together. */
export class LocalChannel implements RequestChannel {
  readonly #settings: ChannelSettings;
  readonly #handle: HandleRequests;
  #waiting: Waiting[] = [];
  #answeredCount = 0;
  #batchCount = 0;
  #isClosed = false;

  constructor(settings: ChannelSettings, handle: HandleRequests) {
    this.#settings = settings;
    this.#handle = handle;
  }

  get counts(): ChannelCounts {
    return {
      waitingCount: this.#waiting.length,
      answeredCount: this.#answeredCount,
      batchCount: this.#batchCount,
    };
  }

  call(name: string, args: readonly unknown[]): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(closed(this.#settings));
    if (this.#waiting.length >= this.#settings.waitingMax) {
      return Promise.reject(overloaded(this.#settings));
    }
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#flush());
      this.#waiting.push({ request: [name, args], resolve, reject });
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#flush();
  }

  #flush(): void {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#settings.batchMax);
      const replies = this.#handle(
        batch.map(({ request }) => request),
        this.#settings.context(),
      );
      this.#answeredCount += batch.length;
      this.#batchCount += 1;
      for (const [index, waiting] of batch.entries()) settle(waiting, replies[index]);
    }
  }
}
