import type { Socket } from 'node:net';
import { CONTENT_HEAD_SIZE_MAX, HEADER_SIZE, STORAGE_BUFFER_SIZE } from '../protocol/constants.ts';
import { Framer, type Header } from '../protocol/frame.ts';
import { ConnectionLost, type ContentSource } from './content-source.ts';
import type { ServiceFaults } from './faults.ts';
import { ReplyWriter } from './reply-writer.ts';

/** The socket is paused while this much waits to be handled. */
const BUFFERED_BYTES_MAX = 1024 * 1024;
/** Content is handed on in batches of this size: one write to disk each. */
const CONTENT_BATCH_BYTES = 512 * 1024;
/** So many small packets are handed on as well, or they would take much more memory than their bytes. */
const CONTENT_BATCH_PACKETS = 256;

interface Waiter {
  readonly byteCount: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * One client's connection, read by pulling: the socket is paused while nobody takes what came.
 * Requests are handled one after the other, so at most one reader waits at any time.
 */
export class ServerConnection {
  readonly reply: ReplyWriter;
  readonly #socket: Socket;
  readonly #framer = new Framer();
  readonly #networkTimeoutMs: number;
  readonly #closed: Promise<void>;
  #waiter: Waiter | null = null;
  #packetsLeft = 0;
  #lost: ConnectionLost | null = null;
  #requestCount = 0;
  #bodyLength = 0;
  #timerSpent = false;
  #draining = false;
  #finished = false;

  constructor(socket: Socket, options: { networkTimeoutMs: number; faults: ServiceFaults }) {
    this.#socket = socket;
    this.#networkTimeoutMs = options.networkTimeoutMs;
    this.reply = new ReplyWriter(socket, options.faults);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 2 * options.networkTimeoutMs + 1000);
    socket.setTimeout(options.networkTimeoutMs);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('timeout', () => this.#timedOut());
    socket.on('error', (error) => this.#lose(`connection failed: ${error.message}`));
    // A FIN counts as a disconnect, even behind a complete request (protocol, 12.3).
    socket.on('end', () => this.#lose('the client closed the connection'));
    this.#closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#lose('the connection is closed');
        resolve();
      });
    });
  }

  /** Resolves when the socket is closed. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Why there is nobody to answer any more; null while there is. */
  get lost(): ConnectionLost | null {
    return this.#lost;
  }

  get bodyLeft(): number {
    return this.#framer.bodyLeft;
  }

  /** The next request's header, or null when the client closed between requests. */
  async readHeader(): Promise<Header | null> {
    let header = this.#framer.readHeader();
    while (header === null) {
      if (this.#draining && this.#framer.buffered === 0) return null;
      try {
        await this.#received(this.#framer.buffered + 1);
      } catch (error) {
        if (error instanceof ConnectionLost && this.#framer.buffered === 0) return null;
        throw error;
      }
      header = this.#framer.readHeader();
    }
    this.#requestCount += 1;
    this.#bodyLength = header.bodyLength;
    return header;
  }

  /** The whole body. Throws `ProtocolError` for one that is too long to be collected. */
  async readBody(): Promise<Buffer> {
    let body = this.#framer.readBody();
    while (body === null) {
      await this.#received(this.#framer.bodyLeft);
      body = this.#framer.readBody();
    }
    this.#resume();
    return body;
  }

  /** What stands before the content, as soon as `decode` finds enough of it. */
  async readHead<Request>(
    decode: (bytes: Buffer, bodyLength: number) => { request: Request; headSize: number } | null,
  ): Promise<Request> {
    const bodyLength = this.#framer.bodyLeft;
    for (;;) {
      const bytes = this.#framer.peekBody(CONTENT_HEAD_SIZE_MAX);
      const head = decode(bytes, bodyLength);
      if (head !== null) {
        this.#framer.skipBody(head.headSize);
        return head.request;
      }
      await this.#received(bytes.length + 1);
    }
  }

  /** What is left of the body, in batches that are worth a write. */
  content(): ContentSource {
    const connection = this;
    return {
      get bytesLeft() {
        return connection.bodyLeft;
      },
      next: () => this.#nextBatch(),
    };
  }

  /** Drops what is left of the body, so that it is never taken for the next request. */
  async discardBody(): Promise<void> {
    while (this.#framer.bodyLeft > 0) await this.#nextBatch();
  }

  /**
   * Drops the body up to the end of the buffer that FastDFS would have received it in. What comes
   * after that is read as the next request.
   */
  async abandonBody(): Promise<void> {
    const readBytes = HEADER_SIZE + this.#bodyLength - this.bodyLeft;
    const buffersEnd = Math.ceil(readBytes / STORAGE_BUFFER_SIZE) * STORAGE_BUFFER_SIZE;
    const bodyLeftAfter = Math.max(0, this.bodyLeft - (buffersEnd - readBytes));
    while (this.bodyLeft > bodyLeftAfter) {
      if (this.#framer.buffered === 0) await this.#received(1);
      const dropped = this.#framer.peekBody(this.bodyLeft - bodyLeftAfter);
      this.#framer.skipBody(dropped.length);
      this.#resume();
    }
    this.#framer.expectNoBody();
  }

  /**
   * Closes behind the last response. What still comes in is dropped until the client closes too: a
   * reset would take away the response from a client that has not read it yet.
   */
  finish(): void {
    this.#finished = true;
    this.reply.end();
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** The present request is the last one; an idle connection is closed at once. */
  drain(): void {
    this.#draining = true;
    const isIdle = this.#waiter !== null && !this.#midRequest;
    if (isIdle || this.#finished) this.destroy();
  }

  get #midRequest(): boolean {
    return this.#framer.bodyLeft > 0 || this.#framer.buffered > 0;
  }

  async #nextBatch(): Promise<Buffer[]> {
    const wanted = Math.min(this.#framer.bodyLeft, CONTENT_BATCH_BYTES);
    if (wanted === 0) return [];
    if (this.#framer.buffered < wanted) await this.#received(wanted, CONTENT_BATCH_PACKETS);
    const batch: Buffer[] = [];
    for (let piece = this.#framer.readContent(); piece; piece = this.#framer.readContent()) {
      batch.push(piece);
    }
    this.#resume();
    return batch;
  }

  /** Resolves when `byteCount` bytes, or `packetCount` packets, came; rejects when none will. */
  #received(byteCount: number, packetCount = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    this.#packetsLeft = packetCount;
    if (this.#timerSpent) {
      this.#timerSpent = false;
      this.#socket.setTimeout(this.#networkTimeoutMs);
    }
    this.#resume();
    return new Promise((resolve, reject) => {
      this.#waiter = { byteCount, resolve, reject };
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#finished) return;
    this.#framer.push(chunk);
    this.#packetsLeft -= 1;
    const waiter = this.#waiter;
    if (waiter === null) {
      if (this.#framer.buffered >= BUFFERED_BYTES_MAX) this.#socket.pause();
    } else if (this.#framer.buffered >= waiter.byteCount || this.#packetsLeft <= 0) {
      this.#waiter = null;
      waiter.resolve();
    }
  }

  #resume(): void {
    if (this.#socket.isPaused() && this.#framer.buffered < BUFFERED_BYTES_MAX) {
      this.#socket.resume();
    }
  }

  #lose(reason: string): void {
    this.#lost ??= new ConnectionLost(reason);
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.reject(this.#lost);
  }

  /**
   * FastDFS closes a connection that stands still inside a request, or before its first one, or
   * whose client does not read the answer; between requests it may idle for ever (protocol, 12.1).
   */
  #timedOut(): void {
    const clientIsLate = this.#waiter !== null && (this.#midRequest || this.#requestCount === 0);
    if (clientIsLate || this.#finished || this.reply.isWaiting) {
      this.#lose('the client stood still for too long');
      this.destroy();
    } else {
      this.#timerSpent = true;
    }
  }
}
