import type { Socket } from 'node:net';
import type { Header } from '../protocol/frame.ts';
import type { CloseReason } from './close-reason.ts';
import type { ConnectionSettings } from './connection-settings.ts';
import { connectSocket } from './connection-socket.ts';
import {
  type ConnectionPhase,
  FastdfsConnectionError,
  FastdfsTimeoutError,
  type TimeoutName,
} from './errors.ts';
import { Exchange, type ExchangePlan } from './exchange.ts';
import { ReadBuffers } from './read-buffers.ts';
import { refusalOf } from './refusal.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseFramer } from './response-framer.ts';
import type { ServerAddress } from './server-address.ts';

/**
 * A TCP connection to a tracker or storage server, with one exchange at a time. An exchange that
 * does not end exactly closes it: what is left on the wire would be read as the next response, and
 * what is left of a refused upload would be obeyed as commands by the storage server.
 *
 * `exchanges.ts` runs commands on it.
 */
export class FastdfsConnection {
  readonly address: ServerAddress;
  readonly writer: RequestWriter;
  /** `performance.now()` when the pool got it back. */
  idleSinceMs = 0;
  readonly #settings: ConnectionSettings;
  readonly #onClose: (reason: CloseReason) => void;
  readonly #socket: Socket;
  readonly #buffers = new ReadBuffers();
  readonly #framer = new ResponseFramer();
  readonly #onAbort = () => {
    const exchange = this.#exchange;
    // A server that has all of an upload makes a file of it in any case, and only its answer tells
    // the name by which that can be deleted again.
    if (exchange && exchange.contentSize > 0 && !this.writer.hasUnsent(exchange)) return;
    this.close('cancelled', exchange?.signal?.reason);
  };
  #onConnect: (() => void) | null = null;
  #exchange: Exchange | null = null;
  #exchangesStarted = 0;
  #closeReason: CloseReason | null = null;
  #writeError: Error | null = null;
  #timerRanOut = false;

  /** `onClose` is called once, however the connection ends. */
  constructor(
    address: ServerAddress,
    settings: ConnectionSettings,
    onClose: (reason: CloseReason) => void,
  ) {
    this.address = address;
    this.#settings = settings;
    this.#onClose = onClose;
    this.#socket = connectSocket(address, settings.connectTimeoutMs, {
      nextBuffer: () => this.#buffers.next(this.#framer.bodyLeft),
      received: (size, buffer) => this.#received(size, buffer),
      connected: () => this.#onConnect?.(),
      drained: () => {
        this.#exchange?.progressed();
        this.writer.wake();
      },
      timedOut: () => this.#timedOut(),
      writeFailed: (error) => {
        this.#writeError = error;
      },
      ended: (error) => this.#ended(error ?? this.#writeError),
    });
    this.writer = new RequestWriter(this.#socket);
  }

  /** Null while the connection is open. */
  get closeReason(): CloseReason | null {
    return this.#closeReason;
  }

  /** Whether another exchange may start. */
  get isFree(): boolean {
    return this.#closeReason === null && this.#exchange === null;
  }

  /** Whether the last exchange was not the first, and not a byte of its response came. */
  get failedOnReuse(): boolean {
    return this.#exchangesStarted > 1 && !this.#framer.hasStarted;
  }

  /** To be called once, before all else; the plan names the command that needs the connection. */
  async open(plan: ExchangePlan<void>): Promise<void> {
    await this.run(plan, () => {
      this.#onConnect = () => {
        this.#onConnect = null;
        const { idleTimeoutMs, commandTimeoutMs } = this.#settings;
        this.#socket.setTimeout(Math.min(idleTimeoutMs, commandTimeoutMs));
        this.#finish();
      };
    });
    this.#exchangesStarted = 0;
  }

  /** Runs one exchange: `send` writes the request, the sink takes the response. */
  run<Result>(plan: ExchangePlan<Result>, send: (exchange: Exchange) => void): Promise<Result> {
    return new Promise((resolve, reject) => {
      plan.signal?.throwIfAborted();
      const exchange = new Exchange(plan, () => resolve(plan.sink.end()), reject);
      if (!this.isFree) {
        throw this.#errorOf(exchange, 'the connection is not free');
      }
      this.#exchange = exchange;
      this.#exchangesStarted += 1;
      this.#framer.reset();
      plan.signal?.addEventListener('abort', this.#onAbort);
      send(exchange);
    });
  }

  isRunning(exchange: Exchange): boolean {
    return this.#exchange === exchange;
  }

  /** Goes on reading after the sink has asked for a pause. */
  resume(exchange: Exchange): void {
    if (this.#exchange !== exchange || !exchange.waitsForCaller) return;
    exchange.waitsForCaller = false;
    exchange.progressed();
    // The timer does not start again by itself once it ran out while nobody read.
    if (this.#timerRanOut) this.#socket.setTimeout(this.#socket.timeout ?? 0);
    this.#timerRanOut = false;
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
    this.#exchange = null;
    exchange?.signal?.removeEventListener('abort', this.#onAbort);
    this.writer.wake();
    return exchange;
  }

  #finish(): void {
    this.#release()?.succeed();
  }

  /** Takes bytes from the socket; false pauses it. */
  #received(size: number, buffer: Buffer): boolean {
    this.#buffers.consumed(size);
    const exchange = this.#exchange;
    if (exchange === null) {
      this.close('extra-bytes');
      return false;
    }
    exchange.progressed();
    try {
      return this.#read(exchange, buffer.subarray(0, size), buffer);
    } catch (cause) {
      const error = this.#errorOf(exchange, 'the response is not understood', cause);
      if (this.#exchange === null) exchange.fail(error);
      this.close('malformed-response', error);
      return false;
    }
  }

  #read(exchange: Exchange, bytes: Buffer, buffer: Buffer): boolean {
    let next = 0;
    if (!this.#framer.hasHeader) {
      const step = this.#framer.readHeader(bytes);
      next = step.next;
      if (step.header === null) return this.#isInTime(exchange);
      if (!this.#accept(exchange, step.header)) return this.#endsAt(next, bytes);
    }
    const bodyEnd = next + this.#framer.takeBody(bytes.length - next);
    let isWanted = true;
    if (bodyEnd > next) {
      isWanted = exchange.sink.data(this.#buffers.keep(buffer, next, bodyEnd));
    }
    // The sink may have given the download up.
    if (this.#exchange !== exchange) return false;
    if (this.#framer.bodyLeft === 0) {
      this.#finish();
      return this.#endsAt(bodyEnd, bytes);
    }
    exchange.waitsForCaller = !isWanted;
    return isWanted && (exchange.sink.isTransfer || this.#isInTime(exchange));
  }

  /** Whether the exchange may go on, given the header of its response. */
  #accept(exchange: Exchange, header: Header): boolean {
    const isUnsent = this.writer.hasUnsent(exchange);
    const refusal = refusalOf(this.address, exchange, header, isUnsent);
    if (refusal === null) {
      exchange.sink.start(header.bodyLength);
      return this.#exchange === exchange;
    }
    if (refusal.closeReason !== null) this.close(refusal.closeReason, refusal.error);
    else this.#release()?.fail(refusal.error);
    return false;
  }

  /** Checks that the response was the last of what came; false when the connection is closed. */
  #endsAt(end: number, bytes: Buffer): boolean {
    if (end < bytes.length) this.close('extra-bytes');
    return this.#closeReason === null;
  }

  /** Bytes that trickle keep the idle timer quiet; the whole command has a limit too. */
  #isInTime(exchange: Exchange): boolean {
    const { commandTimeoutMs } = this.#settings;
    if (performance.now() - exchange.serversTurnSinceMs <= commandTimeoutMs) return true;
    this.#timeOut(exchange, 'commandTimeoutMs');
    return false;
  }

  #timedOut(): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    this.#timerRanOut = true;
    if (exchange.waitsForCaller) return;
    const { bytesRead } = this.#socket;
    // When this process was too busy to read, the bytes wait, and are read before this runs.
    setImmediate(() => {
      if (this.#exchange !== exchange || this.#socket.bytesRead !== bytesRead) return;
      const { idleTimeoutMs, commandTimeoutMs } = this.#settings;
      if (this.#onConnect !== null) this.#timeOut(exchange, 'connectTimeoutMs');
      else if (idleTimeoutMs <= commandTimeoutMs) this.#timeOut(exchange, 'idleTimeoutMs');
      else this.#timeOut(exchange, 'commandTimeoutMs');
    });
  }

  #timeOut(exchange: Exchange, name: TimeoutName & keyof ConnectionSettings): void {
    const { command } = exchange;
    const phase = this.#phaseOf(exchange);
    const error = new FastdfsTimeoutError(command, this.address, phase, name, this.#settings[name]);
    this.close('timeout', error);
  }

  #ended(cause: Error | null): void {
    if (this.#closeReason !== null) return;
    const problem = cause === null ? 'the server closed the connection' : cause.message;
    const error = this.#exchange && this.#errorOf(this.#exchange, problem, cause ?? undefined);
    if (this.#onConnect !== null) this.close('connect-failed', error);
    else this.close(cause === null ? 'server-closed' : 'io-error', error);
  }

  #errorOf(exchange: Exchange, problem: string, cause?: unknown): FastdfsConnectionError {
    const phase = this.#phaseOf(exchange);
    const options = cause === undefined ? {} : { cause };
    return new FastdfsConnectionError(exchange.command, this.address, phase, problem, options);
  }

  #phaseOf(exchange: Exchange): ConnectionPhase {
    if (this.#onConnect !== null) return 'connect';
    return this.writer.hasUnsent(exchange) ? 'send' : 'receive';
  }
}
