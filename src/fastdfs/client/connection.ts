import type { Socket } from 'node:net';
import type { Header } from '../protocol/frame.ts';
import type { CloseReason } from './close-reason.ts';
import { connectSocket } from './connection-socket.ts';
import type {
  ConnectionTimeoutName,
  ConnectionTimeouts,
  TimedConnection,
} from './connection-timeouts.ts';
import { type ConnectionPhase, FastdfsConnectionError, FastdfsTimeoutError } from './errors.ts';
import { Exchange, type ExchangePlan } from './exchange.ts';
import { refusalOf } from './refusal.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';
import type { ResponseSink } from './response-sink.ts';
import type { ServerAddress } from './server-address.ts';

const NO_RESPONSE: ResponseSink<void> = {
  isTransfer: false,
  start: () => {},
  data: () => true,
  end: () => {},
};

/**
 * A TCP connection to a tracker or storage server, with one exchange at a time. An exchange that
 * does not end exactly closes it: what is left on the wire would be read as the next response, and
 * what is left of a refused upload would be obeyed as commands by the storage server.
 *
 * `exchanges.ts` runs commands on it.
 */
export class FastdfsConnection implements TimedConnection {
  readonly address: ServerAddress;
  readonly writer: RequestWriter;
  /** `performance.now()` when the pool got it back. */
  idleSinceMs = 0;
  readonly #timeouts: ConnectionTimeouts;
  readonly #onClose: (reason: CloseReason) => void;
  readonly #socket: Socket;
  readonly #reader = new ResponseReader((exchange, header) => this.#accept(exchange, header));
  readonly #onAbort = () => {
    const exchange = this.#exchange;
    // A server that has all of an upload makes a file of it in any case, and only its answer tells
    // the name by which that can be deleted again.
    if (exchange && exchange.contentSize > 0 && !this.writer.hasUnsent(exchange)) return;
    this.close('cancelled', exchange?.signal?.reason);
  };
  #exchange: Exchange | null = null;
  #exchangesStarted = 0;
  #closeReason: CloseReason | null = null;
  #writeError: Error | null = null;

  /**
   * `timeouts` has the limits of its exchanges; `onClose` is called once, however the connection
   * ends.
   */
  constructor(
    address: ServerAddress,
    timeouts: ConnectionTimeouts,
    onClose: (reason: CloseReason) => void,
  ) {
    this.address = address;
    this.#timeouts = timeouts;
    this.#onClose = onClose;
    this.#socket = connectSocket(address, {
      nextBuffer: () => this.#reader.nextBuffer(),
      received: (size, buffer) => this.#received(size, buffer),
      connected: () => this.#finish(),
      sent: () => this.#exchange?.progressed(),
      drained: () => this.writer.wake(),
      writeFailed: (error) => {
        this.#writeError = error;
      },
      ended: (error) => this.#ended(error ?? this.#writeError),
    });
    this.writer = new RequestWriter(this.#socket);
    timeouts.watch(this);
  }

  /** Null while the connection is open. */
  get closeReason(): CloseReason | null {
    return this.#closeReason;
  }

  get exchange(): Exchange | null {
    return this.#exchange;
  }

  /** Whether another exchange may start. */
  get isFree(): boolean {
    return this.#closeReason === null && this.#exchange === null;
  }

  /** Whether the last exchange was not the first, and not a byte of its response came. */
  get failedOnReuse(): boolean {
    return this.#exchangesStarted > 1 && !this.#reader.hasStarted;
  }

  /** To be called once, before all else, for the command that needs the connection. */
  async open(command: string, signal?: AbortSignal): Promise<void> {
    const plan = { command, sink: NO_RESPONSE, contentSize: 0, mayTakeLong: false, signal };
    await this.#start(plan, () => {}, true);
    this.#exchangesStarted = 0;
  }

  /** Runs one exchange: `send` writes the request, the sink takes the response. */
  run<Result>(plan: ExchangePlan<Result>, send: (exchange: Exchange) => void): Promise<Result> {
    return this.#start(plan, send, false);
  }

  #start<Result>(
    plan: ExchangePlan<Result>,
    send: (exchange: Exchange) => void,
    isConnecting: boolean,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      plan.signal?.throwIfAborted();
      const exchange = new Exchange(plan, () => resolve(plan.sink.end()), reject, isConnecting);
      if (!this.isFree) {
        throw this.#errorOf(exchange, 'the connection is not free');
      }
      this.#exchange = exchange;
      this.#exchangesStarted += 1;
      this.#reader.reset();
      this.#timeouts.wake();
      plan.signal?.addEventListener('abort', this.#onAbort);
      send(exchange);
    });
  }

  /** Goes on reading after the sink has asked for a pause. */
  resume(exchange: Exchange): void {
    if (exchange.isOver || !exchange.waitsForCaller) return;
    exchange.waitsForCaller = false;
    exchange.progressed();
    this.#socket.resume();
  }

  /**
   * Ends the connection and fails the exchange under way, with an error of its own when none is
   * given. A connection in mid-exchange is reset: an orderly close would still send what the kernel
   * holds of a refused upload.
   */
  close(reason: CloseReason, error: unknown = null): void {
    if (this.#closeReason !== null) return;
    this.#closeReason = reason;
    const exchange = this.#exchange;
    if (exchange === null) {
      this.#socket.destroy();
    } else {
      const problem = error ?? this.#errorOf(exchange, 'the connection was closed on our side');
      if (this.#socket.connecting) this.#socket.destroy();
      else this.#socket.resetAndDestroy();
      this.#release()?.fail(problem);
    }
    this.#timeouts.forget(this);
    this.#onClose(reason);
  }

  /**
   * Ends the connection because the server was found dead by other means, when it has been the
   * server's turn for `silentMs` without a byte in either direction.
   */
  abandon(problem: string, cause: Error, silentMs: number): void {
    const exchange = this.#exchange;
    if (exchange === null || exchange.waitsForCaller) return;
    if (performance.now() - exchange.lastProgressMs < silentMs) return;
    this.close('abandoned', this.#errorOf(exchange, problem, cause));
  }

  /** Detaches the exchange from the connection. */
  #release(): Exchange | null {
    const exchange = this.#exchange;
    if (exchange === null) return null;
    this.#exchange = null;
    exchange.over();
    exchange.signal?.removeEventListener('abort', this.#onAbort);
    this.writer.wake();
    return exchange;
  }

  #finish(): void {
    this.#release()?.succeed();
  }

  /** Takes bytes from the socket; false pauses it. */
  #received(size: number, buffer: Buffer): boolean {
    const exchange = this.#exchange;
    if (exchange === null) {
      this.close('extra-bytes');
      return false;
    }
    exchange.progressed();
    try {
      const progress = this.#reader.read(exchange, size, buffer);
      exchange.waitsForCaller = progress === 'paused';
      if (progress === 'partial' || progress === 'paused') return progress === 'partial';
      if (progress === 'complete') this.#finish();
    } catch (cause) {
      const error = this.#errorOf(exchange, 'the response is not understood', cause);
      if (exchange.isOver) exchange.fail(error);
      this.close('malformed-response', error);
      return false;
    }
    if (this.#reader.hasExtraBytes) this.close('extra-bytes');
    return this.#closeReason === null;
  }

  /** Whether the body of a response is wanted, given its header. */
  #accept(exchange: Exchange, header: Header): boolean {
    const isUnsent = this.writer.hasUnsent(exchange);
    const refusal = refusalOf(this.address, exchange, header, isUnsent);
    if (refusal === null) {
      exchange.sink.start(header.bodyLength);
      return !exchange.isOver;
    }
    if (refusal.closeReason !== null) this.close(refusal.closeReason, refusal.error);
    else this.#release()?.fail(refusal.error);
    return false;
  }

  timeOut(exchange: Exchange, name: ConnectionTimeoutName): void {
    const phase = this.#phaseOf(exchange);
    const limitMs = this.#timeouts.limits[name];
    const error = new FastdfsTimeoutError(exchange.command, this.address, phase, name, limitMs);
    this.close('timeout', error);
  }

  #ended(cause: Error | null): void {
    if (this.#closeReason !== null) return;
    const problem = cause === null ? 'the server closed the connection' : cause.message;
    const exchange = this.#exchange;
    const error = exchange && this.#errorOf(exchange, problem, cause ?? undefined);
    if (exchange?.isConnecting) this.close('connect-failed', error);
    else this.close(cause === null ? 'server-closed' : 'io-error', error);
  }

  #errorOf(exchange: Exchange, problem: string, cause?: unknown): FastdfsConnectionError {
    const phase = this.#phaseOf(exchange);
    const options = cause === undefined ? {} : { cause };
    return new FastdfsConnectionError(exchange.command, this.address, phase, problem, options);
  }

  #phaseOf(exchange: Exchange): ConnectionPhase {
    if (exchange.isConnecting) return 'connect';
    return this.writer.hasUnsent(exchange) ? 'send' : 'receive';
  }
}
