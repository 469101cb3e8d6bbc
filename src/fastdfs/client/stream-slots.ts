import { ConnectionQueue } from './connection-queue.ts';
import type { PoolSettings } from './connection-settings.ts';
import type { ServerAddress } from './server-address.ts';

/** Part of the connections to one server that streamed uploads may hold. */
const STREAMED_SHARE = 0.75;

/**
 * Bounds the streamed uploads to one server. How long one takes is up to the client that sends it:
 * any number of slow ones would keep all connections from reads and from everything else that ends
 * by itself.
 */
export class StreamSlots {
  readonly #queue: ConnectionQueue;
  readonly #countMax: number;
  #count = 0;

  constructor(address: ServerAddress, settings: PoolSettings) {
    this.#queue = new ConnectionQueue(address, settings);
    const { connectionsPerServerMax } = settings;
    this.#countMax = Math.max(1, Math.floor(connectionsPerServerMax * STREAMED_SHARE));
  }

  get waitingCount(): number {
    return this.#queue.length;
  }

  /** Runs the task in its turn; rejects as `ConnectionQueue.wait` does. */
  async run<Result>(
    { command, signal }: { readonly command: string; readonly signal?: AbortSignal | undefined },
    task: () => Promise<Result>,
  ): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#count < this.#countMax) this.#count += 1;
    else await this.#queue.wait(command, signal);
    try {
      return await task();
    } finally {
      // The slot goes to the next who waits.
      if (!this.#queue.grant(null)) this.#count -= 1;
    }
  }

  /** Sends everybody away who waits. */
  fail(errorOf: (command: string) => Error): void {
    this.#queue.fail(errorOf);
  }
}
