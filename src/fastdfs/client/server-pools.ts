import { AddressMap } from './address-map.ts';
import type { ConnectionObserver } from './close-reason.ts';
import type { FastdfsConnection } from './connection.ts';
import { ConnectionPool, type PoolCounts, type Purpose } from './connection-pool.ts';
import type { PoolSettings } from './connection-settings.ts';
import { ConnectionTimeouts } from './connection-timeouts.ts';
import { renderAddress, type ServerAddress } from './server-address.ts';

interface PoolState extends PoolCounts {
  /** `host:port` */
  readonly server: string;
}

/** The pools of all servers that are talked to, made when first needed. */
export class ServerPools {
  readonly #settings: PoolSettings;
  readonly #observer: ConnectionObserver;
  readonly #addressMap: AddressMap;
  readonly #timeouts: ConnectionTimeouts;
  readonly #pools = new Map<string, ConnectionPool>();
  readonly #expiryTimer: NodeJS.Timeout;
  #isClosed = false;

  /** `observer` is told of every connection that is closed, and why. */
  constructor(
    settings: PoolSettings,
    observer: ConnectionObserver = () => {},
    addressMap = new AddressMap([]),
  ) {
    this.#settings = settings;
    this.#observer = observer;
    this.#addressMap = addressMap;
    this.#timeouts = new ConnectionTimeouts(settings);
    const intervalMs = Math.max(settings.idleConnectionLifetimeMs / 2, 10);
    this.#expiryTimer = setInterval(() => this.#expireIdle(), intervalMs).unref();
  }

  /** As `ConnectionPool.withConnection`, for the server at the address. */
  withConnection<Result>(
    address: ServerAddress,
    purpose: Purpose,
    task: (connection: FastdfsConnection) => Promise<Result>,
  ): Promise<Result> {
    const name = renderAddress(address);
    let pool = this.#pools.get(name);
    if (pool === undefined) {
      const reachable = this.#addressMap.resolve(address);
      pool = new ConnectionPool(reachable, this.#settings, this.#timeouts, this.#observer);
      this.#pools.set(name, pool);
      // Whoever moves on to a server that was never talked to before must not get there any more.
      if (this.#isClosed) pool.close();
    }
    return pool.withConnection(purpose, task);
  }

  /**
   * As `ConnectionPool.abandon`. To be called again for as long as the server is dead: exchanges
   * that were not silent for long enough at first have become so.
   */
  abandon(address: ServerAddress, cause: Error, silentMs: number): void {
    this.#pools.get(renderAddress(address))?.abandon(cause, silentMs);
  }

  /** Connections in use and requests that wait for one. */
  loadOf(address: ServerAddress): number {
    const pool = this.#pools.get(renderAddress(address));
    if (pool === undefined) return 0;
    const { connectionCount, idleCount, waitingCount } = pool.state;
    return connectionCount - idleCount + waitingCount;
  }

  /** The connections of now, by server. */
  states(): PoolState[] {
    return Array.from(this.#pools, ([server, pool]) => ({ server, ...pool.state }));
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#expiryTimer);
    for (const pool of this.#pools.values()) pool.close();
  }

  #expireIdle(): void {
    for (const [name, pool] of this.#pools) {
      pool.expireIdle();
      if (pool.isEmpty) this.#pools.delete(name);
    }
  }
}
