import type { ConnectionSettings } from './connection-settings.ts';
import type { TimeoutName } from './errors.ts';
import type { Exchange } from './exchange.ts';

/** What a sweep asks of a connection. */
export interface TimedConnection {
  /** Null while nothing is under way. */
  readonly exchange: Exchange | null;
  timeOut(exchange: Exchange, name: ConnectionTimeoutName): void;
}

export type ConnectionTimeoutName = Exclude<TimeoutName, 'connectionWaitTimeoutMs'>;

/** Sweeps in the time of the shortest limit: no timeout comes later than this part of it. */
const SWEEPS_PER_TIMEOUT = 20;
const SWEEP_INTERVAL_MS_MIN = 5;
const SWEEP_INTERVAL_MS_MAX = 250;

/**
 * Ends exchanges that take too long, for all connections with the same limits: by looking at all of
 * them now and then, because a timer for each exchange would cost a small one more than its limits
 * are worth. Rests while nothing is under way.
 */
export class ConnectionTimeouts {
  readonly #settings: ConnectionSettings;
  readonly #intervalMs: number;
  readonly #connections = new Set<TimedConnection>();
  #timer: NodeJS.Timeout | null = null;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
    const { connectTimeoutMs, responseTimeoutMs, idleTimeoutMs, commandTimeoutMs } = settings;
    const shortestMs = Math.min(
      connectTimeoutMs,
      responseTimeoutMs,
      idleTimeoutMs,
      commandTimeoutMs,
    );
    this.#intervalMs = Math.min(
      Math.max(shortestMs / SWEEPS_PER_TIMEOUT, SWEEP_INTERVAL_MS_MIN),
      SWEEP_INTERVAL_MS_MAX,
    );
  }

  get limits(): ConnectionSettings {
    return this.#settings;
  }

  watch(connection: TimedConnection): void {
    this.#connections.add(connection);
  }

  forget(connection: TimedConnection): void {
    this.#connections.delete(connection);
  }

  /** To be called when an exchange begins. */
  wake(): void {
    this.#timer ??= setInterval(() => this.#sweep(), this.#intervalMs).unref();
  }

  #sweep(): void {
    let isResting = true;
    const nowMs = performance.now();
    for (const connection of this.#connections) {
      const { exchange } = connection;
      if (exchange === null) continue;
      isResting = false;
      if (this.#overdue(exchange, nowMs) !== null) this.#timeOutSoon(connection, exchange);
    }
    if (!isResting || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** When this process was too busy to read, bytes wait, and are read before an immediate runs. */
  #timeOutSoon(connection: TimedConnection, exchange: Exchange): void {
    setImmediate(() => {
      if (exchange.isOver) return;
      const name = this.#overdue(exchange, performance.now());
      if (name !== null) connection.timeOut(exchange, name);
    });
  }

  #overdue(exchange: Exchange, nowMs: number): ConnectionTimeoutName | null {
    if (exchange.waitsForCaller) return null;
    const limits = this.#settings;
    const silentMs = nowMs - exchange.lastProgressMs;
    if (exchange.isConnecting)
      return silentMs > limits.connectTimeoutMs ? 'connectTimeoutMs' : null;
    if (exchange.contentLeft === 0) {
      const turnMs = nowMs - exchange.serversTurnSinceMs;
      const isQuick = !exchange.mayTakeLong && !exchange.hasHeader;
      if (isQuick && turnMs > limits.responseTimeoutMs) return 'responseTimeoutMs';
      const isBounded = !exchange.sink.isTransfer || !exchange.hasHeader;
      if (isBounded && turnMs > limits.commandTimeoutMs) return 'commandTimeoutMs';
    }
    return silentMs > limits.idleTimeoutMs ? 'idleTimeoutMs' : null;
  }
}
