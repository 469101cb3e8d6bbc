import { type NetConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { ServerAddress } from './server-address.ts';

/** What a connection wants to know of its socket. */
export interface SocketEvents {
  nextBuffer(): Buffer;
  /** `size` bytes have come into the buffer given last; false pauses the socket. */
  received(size: number, buffer: Buffer): boolean;
  connected(): void;
  /** Bytes have left the process. */
  sent(): void;
  /** More may be written after a write that filled the buffer. */
  drained(): void;
  /** Nothing more can be sent; what the server said before may still be read. */
  writeFailed(error: Error): void;
  /** No more bytes will come; null when the server closed in order. May be called repeatedly. */
  ended(error: Error | null): void;
}

/** Bytes of an upload that may wait in the process before its source is told to pause. */
const WRITE_BUFFER_SIZE = 512 * 1024;
/** First keep-alive probe after this much silence; firewalls forget connections in minutes. */
const KEEP_ALIVE_DELAY_MS = 30_000;

type WriteCallback = (error?: Error | null) => void;

/**
 * A socket that a failed write does not close. A storage server that refuses an upload answers and
 * closes: our next write then fails while its answer waits unread, and would be lost with it.
 */
class ReadableToTheEndSocket extends Socket {
  readonly #events: SocketEvents;

  constructor(options: SocketConstructorOpts, events: SocketEvents) {
    super(options);
    this.#events = events;
  }

  override _write(chunk: unknown, encoding: BufferEncoding, callback: WriteCallback): void {
    super._write(chunk, encoding, this.#holdBackError(callback));
  }

  override _writev(
    chunks: { chunk: unknown; encoding: BufferEncoding }[],
    callback: WriteCallback,
  ): void {
    super._writev?.(chunks, this.#holdBackError(callback));
  }

  /** A write whose callback is never called keeps later ones back until the socket is destroyed. */
  #holdBackError(callback: WriteCallback): WriteCallback {
    return (error) => {
      if (error) {
        this.#events.writeFailed(error);
        return;
      }
      this.#events.sent();
      callback();
    };
  }
}

/**
 * A TCP socket that reads straight into the buffers it is given, past the stream machinery, which
 * would cost a small exchange more than all else on this side.
 */
export function connectSocket(address: ServerAddress, events: SocketEvents): Socket {
  const { host, port } = address.reachedAt ?? address;
  // The constructor takes all of these; its type knows only some.
  const options: NetConnectOpts & { writableHighWaterMark: number } = {
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_DELAY_MS,
    writableHighWaterMark: WRITE_BUFFER_SIZE,
    onread: {
      buffer: () => events.nextBuffer(),
      // The buffer is one that nextBuffer gave.
      callback: (size, buffer) => events.received(size, buffer as Buffer),
    },
  };
  const socket = new ReadableToTheEndSocket(options, events);
  socket.on('connect', () => events.connected());
  socket.on('drain', () => events.drained());
  socket.on('end', () => events.ended(null));
  socket.on('error', (error) => events.ended(error));
  socket.on('close', () => events.ended(null));
  socket.connect(options);
  return socket;
}
