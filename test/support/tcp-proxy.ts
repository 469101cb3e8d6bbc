import { connect, createServer, type Server, type Socket } from 'node:net';
import type { HostPort } from '../../src/support/units.ts';
import { ProxyFlow } from './proxy-flow.ts';
import { listenOn, listenOnReservedPort } from './reserved-port.ts';

/**
 * A network between a client and a server, with switches for what networks do: it refuses, stalls,
 * resets, corrupts, delays, or loses the end of a connection. All is off at first.
 */
export class TcpProxy {
  readonly host: string;
  /** Where connections are passed on to; may change while the proxy runs. */
  target: HostPort | null;
  readonly toServer = new ProxyFlow();
  readonly toClient = new ProxyFlow();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #upstream = new Set<Socket>();
  /** Connections that are passed on; each resolves when both of its sides are closed. */
  readonly #carried = new Set<Promise<void>>();
  #port = 0;

  private constructor(host: string, target: HostPort | null) {
    this.host = host;
    this.target = target;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const carried = this.#accept(socket).finally(() => this.#carried.delete(carried));
      this.#carried.add(carried);
    });
  }

  /** Listens on a port of its own, which it keeps for its whole life. */
  static async start(target: HostPort | null, host = '127.0.0.1'): Promise<TcpProxy> {
    const proxy = new TcpProxy(host, target);
    proxy.#port = await listenOnReservedPort(proxy.#server, host);
    return proxy;
  }

  get address(): HostPort {
    return { host: this.host, port: this.#port };
  }

  /** Clients that are connected. */
  get connectionCount(): number {
    return this.#sockets.size;
  }

  /** New connections are refused; those there are go on. */
  refuse(): void {
    this.#server.close();
  }

  /** Takes connections again, on the same port. */
  async accept(): Promise<void> {
    if (!this.#server.listening) await listenOn(this.#server, this.host, this.#port);
  }

  /**
   * The link is dead: nothing goes through either way, neither bytes nor the end of a connection,
   * until `heal`. New connections seem to be made, and then nothing answers.
   */
  cut(): void {
    this.toServer.stall();
    this.toClient.stall();
  }

  /** What was on its way arrives, as TCP would send it again. */
  heal(): void {
    this.toServer.release();
    this.toClient.release();
  }

  /** Resets all connections. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resolves when no socket is left. */
  async close(): Promise<void> {
    this.toServer.reset();
    this.toClient.reset();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.resetAll();
    for (const socket of this.#upstream) socket.destroy();
    await Promise.all(this.#carried);
    await closed;
  }

  async #accept(client: Socket): Promise<void> {
    this.#sockets.add(client);
    // Errors reach the pumps; between them nobody else listens.
    client.on('error', () => {});
    await this.toServer.passable();
    const { target } = this;
    if (target === null || client.destroyed) {
      client.resetAndDestroy();
      this.#sockets.delete(client);
      return;
    }
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true });
    server.on('error', () => {});
    this.#upstream.add(server);
    server.once('close', () => this.#upstream.delete(server));
    client.once('close', () => {
      this.#sockets.delete(client);
      void this.toServer.passable().then(() => {
        if (!this.toServer.swallowsFin) server.destroy();
      });
    });
    await Promise.all([
      this.#pump(client, server, this.toServer),
      this.#pump(server, client, this.toClient),
    ]);
    client.destroy();
    server.destroy();
  }

  async #pump(source: Socket, sink: Socket, flow: ProxyFlow): Promise<void> {
    try {
      await flow.pump(source, sink);
    } catch {
      await flow.passable();
      source.resetAndDestroy();
      sink.resetAndDestroy();
    }
  }
}
