import { activeTest } from '../protocol/commands/active-test.ts';
import type { CloseReason, ConnectionObserver } from './close-reason.ts';
import { FastdfsConnection } from './connection.ts';
import { ConnectionQueue } from './connection-queue.ts';
import type { PoolSettings } from './connection-settings.ts';
import type { ConnectionTimeouts } from './connection-timeouts.ts';
import { FastdfsConnectionError, FastdfsTimeoutError } from './errors.ts';
import { execute } from './exchanges.ts';
import type { ServerAddress } from './server-address.ts';
import { StreamSlots } from './stream-slots.ts';

/** What a connection is borrowed for. */
export interface Purpose {
  /** FastDFS's name of the command, for errors. */
  readonly command: string;
  /**
   * Whether the task may run a second time from its start, on a fresh connection, when a reused
   * one turns out to be dead. All that a task of this kind did before must be harmless.
   */
  readonly isReplayable: boolean;
  /** Whether how long it takes depends on whoever sends the content of an upload. */
  readonly isStreamed?: boolean;
  /** Ends the wait for a connection; the task must look after itself. */
  readonly signal?: AbortSignal | undefined;
}

export interface PoolCounts {
  /** Open or being opened. */
  readonly connectionCount: number;
  readonly idleCount: number;
  /** Borrowers that wait for a connection. */
  readonly waitingCount: number;
}

/** A connection idle for longer is probed before it is trusted with something not replayable. */
const PROBE_AFTER_IDLE_MS = 2_000;

/** Connections to one server: at most so many, the last used first, waiting borrowers in turn. */
export class ConnectionPool {
  readonly address: ServerAddress;
  readonly #settings: PoolSettings;
  readonly #timeouts: ConnectionTimeouts;
  readonly #observer: ConnectionObserver;
  /** The last used one stands at the end. */
  readonly #idle: FastdfsConnection[] = [];
  readonly #all = new Set<FastdfsConnection>();
  readonly #queue: ConnectionQueue;
  readonly #streamSlots: StreamSlots;
  /** Connections open or being opened, and rights to open one that were granted. */
  #count = 0;
  #isClosed = false;

  constructor(
    address: ServerAddress,
    settings: PoolSettings,
    timeouts: ConnectionTimeouts,
    observer: ConnectionObserver,
  ) {
    this.address = address;
    this.#settings = settings;
    this.#timeouts = timeouts;
    this.#observer = observer;
    this.#queue = new ConnectionQueue(address, settings);
    this.#streamSlots = new StreamSlots(address, settings);
  }

  get state(): PoolCounts {
    return {
      connectionCount: this.#count,
      idleCount: this.#idle.length,
      waitingCount: this.#queue.length + this.#streamSlots.waitingCount,
    };
  }

  /** Whether nothing would be lost by forgetting the pool. */
  get isEmpty(): boolean {
    return this.#count === 0 && this.state.waitingCount === 0;
  }

  /**
   * Lends a connection for as long as the task runs. Rejects with what the task throws, with
   * `FastdfsConnectionError` when no connection is to be had, or with the signal's reason.
   */
  withConnection<Result>(
    purpose: Purpose,
    task: (connection: FastdfsConnection) => Promise<Result>,
  ): Promise<Result> {
    if (!purpose.isStreamed) return this.#lend(purpose, task);
    return this.#streamSlots.run(purpose, () => this.#lend(purpose, task));
  }

  async #lend<Result>(
    purpose: Purpose,
    task: (connection: FastdfsConnection) => Promise<Result>,
  ): Promise<Result> {
    const connection = this.#takeIdle(purpose) ?? (await this.#borrow(purpose));
    try {
      return await task(connection);
    } catch (error) {
      if (!purpose.isReplayable || !isDeadOnReuse(connection, error)) throw error;
    } finally {
      this.#giveBack(connection);
    }
    // The server has been restarted, or a firewall forgot us: the other idle ones are dead as well.
    this.#closeIdle('server-closed', Number.POSITIVE_INFINITY);
    const fresh = await this.#borrow(purpose);
    try {
      return await task(fresh);
    } finally {
      this.#giveBack(fresh);
    }
  }

  /** Closes what has been idle for longer than its lifetime. */
  expireIdle(): void {
    this.#closeIdle('idle-expired', performance.now() - this.#settings.idleConnectionLifetimeMs);
  }

  /** Closes all connections; exchanges under way and waiting borrowers fail. */
  close(): void {
    this.#isClosed = true;
    this.#failWaiting((command) => this.#error(command, 'the client was closed'));
    for (const connection of this.#all) connection.close('pool-closed');
  }

  /**
   * To be called when the server is known to be dead, of which `cause` tells. Borrowers that wait
   * fail at once, idle connections are closed, and exchanges fail in which it has been the server's
   * turn for `silentMs` without a byte in either direction: those that still make progress go on.
   * What is borrowed later is tried as ever.
   */
  abandon(cause: Error, silentMs: number): void {
    const problem = `the server was found dead: ${cause.message}`;
    this.#failWaiting(
      (command) => new FastdfsConnectionError(command, this.address, 'connect', problem, { cause }),
    );
    this.#closeIdle('abandoned', Number.POSITIVE_INFINITY);
    for (const connection of this.#all) connection.abandon(problem, cause, silentMs);
  }

  /** The last used connection, when it can be used as it is. */
  #takeIdle({ isReplayable }: Purpose): FastdfsConnection | null {
    const connection = this.#idle.at(-1);
    if (connection === undefined) return null;
    if (!isReplayable && performance.now() - connection.idleSinceMs > PROBE_AFTER_IDLE_MS) {
      return null;
    }
    this.#idle.pop();
    return connection;
  }

  async #borrow(purpose: Purpose): Promise<FastdfsConnection> {
    const { signal, isReplayable } = purpose;
    signal?.throwIfAborted();
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (isReplayable || (await this.#isAlive(idle, signal))) return idle;
    }
    // It may have been closed during a probe.
    if (this.#isClosed) throw this.#error(purpose.command, 'the client was closed');
    let granted: FastdfsConnection | null = null;
    if (this.#count < this.#settings.connectionsPerServerMax) this.#count += 1;
    else granted = await this.#queue.wait(purpose.command, signal);
    return granted ?? this.#open(purpose);
  }

  /** Probes an idle connection; one that does not answer is closed. */
  async #isAlive(connection: FastdfsConnection, signal: AbortSignal | undefined) {
    try {
      await execute(connection, activeTest, undefined, signal);
      return true;
    } catch {
      connection.close('server-closed');
      signal?.throwIfAborted();
      return false;
    }
  }

  /** Opens a connection; the caller has the right to (it is counted already). */
  async #open({ command, signal }: Purpose): Promise<FastdfsConnection> {
    const connection = new FastdfsConnection(this.address, this.#timeouts, (reason) =>
      this.#closed(connection, reason),
    );
    this.#all.add(connection);
    try {
      await connection.open(command, signal);
      return connection;
    } catch (error) {
      connection.close('cancelled', error);
      throw error;
    }
  }

  #giveBack(connection: FastdfsConnection): void {
    if (connection.closeReason !== null) return;
    if (!connection.isFree) {
      // The task ended before its exchange did.
      connection.close('cancelled');
      return;
    }
    if (this.#queue.grant(connection)) return;
    connection.idleSinceMs = performance.now();
    this.#idle.push(connection);
    if (this.#idle.length > this.#settings.idleConnectionsPerServerMax) {
      this.#idle[0]?.close('idle-expired');
    }
  }

  #closed(connection: FastdfsConnection, reason: CloseReason): void {
    this.#all.delete(connection);
    const position = this.#idle.indexOf(connection);
    if (position >= 0) this.#idle.splice(position, 1);
    this.#count -= 1;
    this.#observer(this.address, reason);
    // The right to open a connection goes to the next who waits.
    if (this.#queue.grant(null)) this.#count += 1;
  }

  #failWaiting(errorOf: (command: string) => Error): void {
    this.#queue.fail(errorOf);
    this.#streamSlots.fail(errorOf);
  }

  #closeIdle(reason: CloseReason, idleSinceMs: number): void {
    const isOld = (connection: FastdfsConnection) => connection.idleSinceMs <= idleSinceMs;
    for (const connection of this.#idle.filter(isOld)) connection.close(reason);
  }

  #error(command: string, problem: string): FastdfsConnectionError {
    return new FastdfsConnectionError(command, this.address, 'queue', problem);
  }
}

/**
 * A timeout or being abandoned does not count: both speak of a stalled server, and trying again
 * would double the wait.
 */
function isDeadOnReuse(connection: FastdfsConnection, error: unknown): boolean {
  return (
    error instanceof FastdfsConnectionError &&
    !(error instanceof FastdfsTimeoutError) &&
    connection.closeReason !== 'abandoned' &&
    connection.failedOnReuse
  );
}
