import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { ServerConnection } from './server-connection.ts';
import { type ReportProblem, type Service, serveConnection } from './service.ts';

export interface ListenerOptions {
  readonly host: string;
  /** The port to take; 0 for any. When undefined: `standardPort` if that is free, else any. */
  readonly port: number | undefined;
  readonly standardPort: number;
  readonly networkTimeoutMs: number;
  readonly connectionsMax: number;
  readonly drainTimeoutMs: number;
}

/** Takes connections for one of the two services. */
export class Listener {
  readonly #service: Service;
  readonly #options: ListenerOptions;
  readonly #report: ReportProblem;
  readonly #server: Server;
  readonly #connections = new Map<ServerConnection, Promise<void>>();

  private constructor(service: Service, options: ListenerOptions, report: ReportProblem) {
    this.#service = service;
    this.#options = options;
    this.#report = report;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Rejects with the system's error, such as EADDRINUSE for a port that was asked for by number. */
  static async open(
    service: Service,
    options: ListenerOptions,
    report: ReportProblem,
  ): Promise<Listener> {
    const listener = new Listener(service, options, report);
    const { host, port, standardPort } = options;
    try {
      await listen(listener.#server, host, port ?? standardPort);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken || port !== undefined) throw error;
      await listen(listener.#server, host, 0);
    }
    listener.#server.on('error', (error) =>
      report(`${service.name} listener failed`, { err: error }),
    );
    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening, lets requests under way end for `drainTimeoutMs`, then cuts them off. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections.keys()) connection.drain();
    const timer = setTimeout(() => {
      for (const connection of this.#connections.keys()) connection.destroy();
    }, this.#options.drainTimeoutMs);
    // Not the sockets alone: a request may still be writing to disk when its client is gone.
    await Promise.all(this.#connections.values());
    await closed;
    clearTimeout(timer);
  }

  /**
   * Stops as a killed process does: nothing is answered any more, all connections are reset.
   * Resolves when no request works on files any more.
   */
  async kill(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections.keys()) connection.reset();
    await Promise.all(this.#connections.values());
    await closed;
  }

  #accept(socket: Socket): void {
    const { connectionsMax, networkTimeoutMs } = this.#options;
    const { faults } = this.#service;
    if (this.#connections.size >= connectionsMax || faults.closeNewConnections) {
      socket.destroy();
      return;
    }
    const connection = new ServerConnection(socket, { networkTimeoutMs, faults });
    this.#service.connectionOpened();
    const served = serveConnection(connection, this.#service, this.#report);
    const gone = Promise.all([served, connection.closed]).then(() => {
      this.#connections.delete(connection);
      this.#service.connectionClosed();
    });
    this.#connections.set(connection, gone);
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
