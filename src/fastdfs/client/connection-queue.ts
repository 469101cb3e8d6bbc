import type { FastdfsConnection } from './connection.ts';
import type { PoolSettings } from './connection-settings.ts';
import { FastdfsConnectionError, FastdfsTimeoutError } from './errors.ts';
import type { ServerAddress } from './server-address.ts';

/** Somebody who waits for a connection, or for the right to open one (null). */
interface Waiter {
  readonly command: string;
  grant(connection: FastdfsConnection | null): void;
  fail(error: unknown): void;
}

/** Those who wait for a connection to one server, in turn. */
export class ConnectionQueue {
  readonly #address: ServerAddress;
  readonly #settings: PoolSettings;
  readonly #waiters: Waiter[] = [];

  constructor(address: ServerAddress, settings: PoolSettings) {
    this.#address = address;
    this.#settings = settings;
  }

  get length(): number {
    return this.#waiters.length;
  }

  /**
   * Resolves with what `grant` gives. Rejects with `FastdfsConnectionError` when too many wait
   * already, or for too long, with what `fail` says, or with the signal's reason.
   */
  wait(command: string, signal: AbortSignal | undefined): Promise<FastdfsConnection | null> {
    const { connectionWaitersPerServerMax, connectionWaitTimeoutMs } = this.#settings;
    return new Promise((resolve, reject) => {
      if (this.#waiters.length >= connectionWaitersPerServerMax) {
        const problem = `${connectionWaitersPerServerMax} others wait already`;
        throw new FastdfsConnectionError(command, this.#address, 'queue', problem);
      }
      const stopWaiting = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        const position = this.#waiters.indexOf(waiter);
        if (position >= 0) this.#waiters.splice(position, 1);
      };
      const waiter: Waiter = {
        command,
        grant(connection) {
          stopWaiting();
          resolve(connection);
        },
        fail(error) {
          stopWaiting();
          reject(error);
        },
      };
      const onAbort = () => waiter.fail(signal?.reason);
      const timer = setTimeout(() => {
        const timeoutName = 'connectionWaitTimeoutMs';
        const ms = connectionWaitTimeoutMs;
        waiter.fail(new FastdfsTimeoutError(command, this.#address, 'queue', timeoutName, ms));
      }, connectionWaitTimeoutMs);
      signal?.addEventListener('abort', onAbort);
      this.#waiters.push(waiter);
    });
  }

  /** Serves the next in turn; false when nobody waits. */
  grant(connection: FastdfsConnection | null): boolean {
    const waiter = this.#waiters[0];
    waiter?.grant(connection);
    return waiter !== undefined;
  }

  /** Sends everybody away. */
  fail(errorOf: (command: string) => Error): void {
    for (const waiter of this.#waiters.slice()) waiter.fail(errorOf(waiter.command));
  }
}
