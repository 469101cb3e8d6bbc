import type { ResponseSink } from './response-sink.ts';

/** What a connection is asked to run. */
export interface ExchangePlan<Result> {
  /** FastDFS's name of the command, for errors. */
  readonly command: string;
  readonly sink: ResponseSink<Result>;
  /** Bytes of content that follow the request. */
  readonly contentSize: number;
  /** Whether the server works for long before it answers: then `responseTimeoutMs` does not count. */
  readonly mayTakeLong: boolean;
  /**
   * Cancels the exchange, which costs its connection; the error is the signal's reason. Without
   * effect once the last byte of content has left: then the server's answer is waited for.
   */
  readonly signal: AbortSignal | undefined;
}

/** One request and its response under way on a connection; or its opening, which has neither. */
export class Exchange {
  readonly command: string;
  readonly sink: ResponseSink<unknown>;
  readonly contentSize: number;
  readonly mayTakeLong: boolean;
  readonly signal: AbortSignal | undefined;
  readonly isConnecting: boolean;
  /** Bytes of content that the socket has not been given yet. */
  contentLeft: number;
  /** `performance.now()` when the server got the turn: the request and its content were complete. */
  serversTurnSinceMs = performance.now();
  /** `performance.now()` when bytes last went either way. */
  lastProgressMs = this.serversTurnSinceMs;
  /** True while the next content bytes, or the reader of the response, keep the server waiting. */
  waitsForCaller = false;
  /** Whether the header of the response has come. */
  hasHeader = false;
  #isOver = false;
  #onOver: (() => void) | null = null;
  /** Settles the caller's promise with what the sink made of the response; throws what it throws. */
  readonly succeed: () => void;
  readonly fail: (error: unknown) => void;

  constructor(
    plan: ExchangePlan<unknown>,
    succeed: () => void,
    fail: (error: unknown) => void,
    isConnecting = false,
  ) {
    this.command = plan.command;
    this.sink = plan.sink;
    this.contentSize = plan.contentSize;
    this.contentLeft = plan.contentSize;
    this.mayTakeLong = plan.mayTakeLong;
    this.signal = plan.signal;
    this.succeed = succeed;
    this.fail = fail;
    this.isConnecting = isConnecting;
  }

  /** Whether it has ended, whichever way; nothing more may be sent or read for it. */
  get isOver(): boolean {
    return this.#isOver;
  }

  over(): void {
    this.#isOver = true;
    this.#onOver?.();
  }

  /** Resolves when it has ended, and after `ms` at the latest. */
  async untilOver(ms: number): Promise<void> {
    if (this.#isOver) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#onOver = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  progressed(): void {
    this.lastProgressMs = performance.now();
  }

  /** Counts content bytes that the socket was given. */
  contentGiven(size: number): void {
    this.contentLeft -= size;
    this.progressed();
    if (this.contentLeft === 0) this.serversTurnSinceMs = this.lastProgressMs;
  }
}
