import { FastdfsConnectionError } from './errors.ts';
import { renderAddress, type ServerAddress } from './server-address.ts';

/**
 * Remembers for some time which servers failed, so that others are tried first. It never forbids a
 * server: when all have failed, all are worth a try, and a cluster that comes back is found at once.
 */
export class FailedServers {
  readonly #avoidMs: number;
  /** `performance.now()` until when a server is avoided. */
  readonly #until = new Map<string, number>();

  constructor(avoidMs: number) {
    this.#avoidMs = avoidMs;
  }

  /** Notes a failure, unless it was not the server's. */
  failed(address: ServerAddress, error: Error): void {
    if (error instanceof FastdfsConnectionError && error.phase === 'queue') return;
    this.#until.set(renderAddress(address), performance.now() + this.#avoidMs);
  }

  works(address: ServerAddress): void {
    if (this.#until.size > 0) this.#until.delete(renderAddress(address));
  }

  isAvoided(address: ServerAddress): boolean {
    if (this.#until.size === 0) return false;
    const name = renderAddress(address);
    const until = this.#until.get(name);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.#until.delete(name);
    return false;
  }
}
