import { activeTest } from '../protocol/commands/active-test.ts';
import type { AddressMap } from './address-map.ts';
import { FastdfsConnection } from './connection.ts';
import { ConnectionTimeouts } from './connection-timeouts.ts';
import { FastdfsTimeoutError } from './errors.ts';
import { execute } from './exchanges.ts';
import { renderAddress, type ServerAddress } from './server-address.ts';

export interface HeartbeatSettings {
  /** Rest between two pings of a server; a quarter more or less, so that they spread out. */
  readonly intervalMs: number;
  /** A ping, and the connection for it, may take so long. */
  readonly timeoutMs: number;
  /** Where servers are reached; without it, at their own addresses. */
  readonly addressMap?: AddressMap;
}

/** Told how each ping ended; null when it was answered. */
type PingObserver = (address: ServerAddress, failure: Error | null) => void;

/**
 * Pings servers with ACTIVE_TEST, each on a connection of its own, so that a server that went
 * silent is found within seconds and not by the requests that wait for it. A slow disk does not
 * matter: storage servers answer pings from their network threads.
 */
export class Heartbeats {
  readonly #settings: HeartbeatSettings;
  readonly #observer: PingObserver;
  readonly #hearts = new Map<string, Heartbeat>();
  readonly #timeouts: ConnectionTimeouts;

  constructor(settings: HeartbeatSettings, observer: PingObserver) {
    this.#settings = settings;
    const { timeoutMs } = settings;
    this.#timeouts = new ConnectionTimeouts({
      connectTimeoutMs: timeoutMs,
      responseTimeoutMs: timeoutMs,
      idleTimeoutMs: timeoutMs,
      commandTimeoutMs: timeoutMs,
    });
    this.#observer = observer;
  }

  /** Pings these from now on, and no others. */
  watch(addresses: readonly ServerAddress[]): void {
    const names = new Set(addresses.map(renderAddress));
    for (const [name, heart] of this.#hearts) {
      if (names.has(name)) continue;
      heart.stop();
      this.#hearts.delete(name);
    }
    for (const address of addresses) {
      const name = renderAddress(address);
      if (this.#hearts.has(name)) continue;
      const reachable = this.#settings.addressMap?.resolve(address) ?? address;
      this.#hearts.set(
        name,
        new Heartbeat(reachable, this.#settings, this.#timeouts, this.#observer),
      );
    }
  }

  /** Resolves when each server that is watched now has answered, or failed to, at least once. */
  async settled(): Promise<void> {
    await Promise.all(Array.from(this.#hearts.values(), (heart) => heart.first));
  }

  close(): void {
    this.watch([]);
  }
}

class Heartbeat {
  readonly #address: ServerAddress;
  readonly #settings: HeartbeatSettings;
  readonly #timeouts: ConnectionTimeouts;
  readonly #observer: PingObserver;
  readonly #stopping = new AbortController();
  /** Resolves after the first ping. */
  readonly first: Promise<void>;
  #connection: FastdfsConnection | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    address: ServerAddress,
    settings: HeartbeatSettings,
    timeouts: ConnectionTimeouts,
    observer: PingObserver,
  ) {
    this.#address = address;
    this.#settings = settings;
    this.#timeouts = timeouts;
    this.#observer = observer;
    this.first = this.#beat();
  }

  stop(): void {
    this.#stopping.abort(new Error('the server is not watched any more'));
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#connection?.close('pool-closed');
  }

  async #beat(): Promise<void> {
    const failure = await this.#ping();
    if (this.#stopping.signal.aborted) return;
    this.#observer(this.#address, failure);
    const restMs = this.#settings.intervalMs * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => void this.#beat(), restMs).unref();
  }

  async #ping(): Promise<Error | null> {
    const isReused = this.#connection !== null;
    const failure = await this.#tryPing();
    // A restarted server, or a firewall, has forgotten the connection; one lost packet is no death.
    return failure !== null && (isReused || failure instanceof FastdfsTimeoutError)
      ? this.#tryPing()
      : failure;
  }

  async #tryPing(): Promise<Error | null> {
    const { signal } = this.#stopping;
    try {
      this.#connection ??= await this.#connect();
      await execute(this.#connection, activeTest, undefined, signal);
      return null;
    } catch (error) {
      this.#connection?.close('server-closed');
      this.#connection = null;
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #connect(): Promise<FastdfsConnection> {
    const connection = new FastdfsConnection(this.#address, this.#timeouts, () => {
      if (this.#connection === connection) this.#connection = null;
    });
    const { signal } = this.#stopping;
    try {
      await connection.open(activeTest.name, signal);
      return connection;
    } catch (error) {
      connection.close('connect-failed');
      throw error;
    }
  }
}
