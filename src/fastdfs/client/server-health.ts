import { FASTDFS_STATUS } from '../protocol/errors.ts';
import { type BreakerSettings, type BreakerState, CircuitBreaker } from './circuit-breaker.ts';
import { FastdfsConnectionError, FastdfsStatusError } from './errors.ts';
import { renderAddress, type ServerAddress } from './server-address.ts';

/** What a server is asked for. Trackers are only read. */
export type ServerUse = 'read' | 'write';

export interface HealthChange {
  readonly address: ServerAddress;
  readonly use: ServerUse;
  readonly state: BreakerState;
  /** What brought it about, for a person. */
  readonly reason: string;
}

interface ServerRecord {
  readonly address: ServerAddress;
  readonly breakers: Readonly<Record<ServerUse, CircuitBreaker>>;
  /** The states that were told last. */
  readonly told: Record<ServerUse, BreakerState>;
  /** Why it does not answer pings; null while it does, or is not pinged. */
  silence: Error | null;
}

const USES: readonly ServerUse[] = ['read', 'write'];

/**
 * Remembers which servers failed, so that others are asked first: a circuit breaker for reads and
 * one for uploads of each, opened by failures and by unanswered pings. It never forbids a server:
 * when all have failed, all are worth a try.
 */
export class ServerHealth {
  readonly #settings: BreakerSettings;
  readonly #onChange: (change: HealthChange) => void;
  readonly #uses: readonly ServerUse[];
  /** Servers that ever failed. */
  readonly #servers = new Map<string, ServerRecord>();

  /** `uses`: what the servers are asked for; no others are told of. */
  constructor(
    settings: BreakerSettings,
    onChange: (change: HealthChange) => void = () => {},
    uses: readonly ServerUse[] = USES,
  ) {
    this.#settings = settings;
    this.#onChange = onChange;
    this.#uses = uses;
  }

  state(address: ServerAddress, use: ServerUse): BreakerState {
    const server = this.#find(address);
    if (server === null) return 'closed';
    const state = server.breakers[use].stateAt(performance.now());
    return state === 'half-open' && server.silence !== null ? 'open' : state;
  }

  /** Whether another server should be asked if there is any. */
  isAvoided(address: ServerAddress, use: ServerUse): boolean {
    const server = this.#find(address);
    if (server === null) return false;
    return server.silence !== null || server.breakers[use].isAvoidedAt(performance.now());
  }

  /**
   * Tells that a request begins; `works` or `failed` has to tell its end. A server that failed lately
   * gets one at a time.
   */
  attempt(address: ServerAddress, use: ServerUse): void {
    const server = this.#find(address);
    if (server === null) return;
    server.breakers[use].begin(performance.now());
    this.#tell(server, 'a request tries it');
  }

  /** Notes that the server did what it was asked. */
  works(address: ServerAddress, use: ServerUse): void {
    const server = this.#find(address);
    if (server === null || server.silence !== null) return;
    server.breakers[use].close();
    this.#tell(server, 'it works again');
  }

  /** Notes how a request ended that failed, which may be no fault of the server's. */
  failed(address: ServerAddress, use: ServerUse, error: unknown): void {
    const uses = usesLostBy(error, use);
    if (uses.length === 0 || !(error instanceof Error)) {
      this.#find(address)?.breakers[use].release();
      return;
    }
    const server = this.#record(address);
    for (const lost of uses) server.breakers[lost].open(performance.now());
    this.#tell(server, error.message);
  }

  /** Notes how a ping ended; null when it was answered. */
  pinged(address: ServerAddress, failure: Error | null): void {
    const server = failure === null ? this.#find(address) : this.#record(address);
    if (server === null) return;
    const now = performance.now();
    const isBack = failure === null && server.silence !== null;
    server.silence = failure;
    for (const use of this.#uses) {
      const breaker = server.breakers[use];
      if (failure !== null && breaker.stateAt(now) === 'closed') breaker.open(now);
      else if (isBack) breaker.coolDown(now);
    }
    this.#tell(server, failure === null ? 'it answers again' : failure.message);
  }

  #find(address: ServerAddress): ServerRecord | null {
    // Nobody ever failed: the name need not be made.
    if (this.#servers.size === 0) return null;
    return this.#servers.get(renderAddress(address)) ?? null;
  }

  #record(address: ServerAddress): ServerRecord {
    const name = renderAddress(address);
    let server = this.#servers.get(name);
    if (server === undefined) {
      server = {
        address,
        breakers: {
          read: new CircuitBreaker(this.#settings),
          write: new CircuitBreaker(this.#settings),
        },
        told: { read: 'closed', write: 'closed' },
        silence: null,
      };
      this.#servers.set(name, server);
    }
    return server;
  }

  #tell(server: ServerRecord, reason: string): void {
    for (const use of this.#uses) {
      const state = this.state(server.address, use);
      if (server.told[use] === state) continue;
      server.told[use] = state;
      this.#onChange({ address: server.address, use, state, reason });
    }
  }
}

/** For what a server is no good after the error. */
function usesLostBy(error: unknown, use: ServerUse): readonly ServerUse[] {
  if (error instanceof FastdfsConnectionError) {
    // All our connections were in use: that says nothing against the server.
    return error.phase === 'queue' ? [] : USES;
  }
  if (!(error instanceof FastdfsStatusError)) return [];
  const { fastdfsStatus } = error;
  // 2 and 22 speak of the file and of the request.
  const isAboutRequest =
    fastdfsStatus === FASTDFS_STATUS.notFound || fastdfsStatus === FASTDFS_STATUS.invalid;
  return isAboutRequest ? [] : [use];
}
