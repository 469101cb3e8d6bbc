import { Gauge, type Registry } from 'prom-client';
import type { PoolState } from '../blob-store/blob-store.ts';

/** The gateway's connections to trackers and storage servers. */
export class ConnectionMetrics {
  readonly #open: Gauge;
  readonly #idle: Gauge;
  readonly #waiters: Gauge;

  constructor(registry: Registry) {
    const gauge = (name: string, help: string) =>
      new Gauge({ name, help, labelNames: ['server'], registers: [registry] });
    this.#open = gauge(
      'fastdfs_s3_connections_open',
      'Connections to a tracker or storage server, those being opened too.',
    );
    this.#idle = gauge('fastdfs_s3_connections_idle', 'Of these, the ones that nobody uses.');
    this.#waiters = gauge(
      'fastdfs_s3_connection_waiters',
      'Requests that wait for a connection to the server.',
    );
  }

  set(pools: readonly PoolState[]): void {
    for (const gauge of [this.#open, this.#idle, this.#waiters]) gauge.reset();
    for (const { server, connectionCount, idleCount, waitingCount } of pools) {
      this.#open.set({ server }, connectionCount);
      this.#idle.set({ server }, idleCount);
      this.#waiters.set({ server }, waitingCount);
    }
  }
}
