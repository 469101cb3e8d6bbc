import type { Socket } from 'node:net';
import type { Exchange } from './exchange.ts';

/** Content up to this size is copied behind its request: cheaper than a gathered write. */
const COALESCE_SIZE_MAX = 16 * 1024;

/** The sending side of a connection. */
export class RequestWriter {
  readonly #socket: Socket;
  #onDrain: (() => void) | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Writes both with one system call; false when the sender should wait for `drained`. */
  write(exchange: Exchange, head: Buffer | null, content: Buffer | null): boolean {
    if (content !== null) exchange.contentGiven(content.length);
    if (head === null || content === null) return this.#socket.write(head ?? content ?? '');
    if (content.length <= COALESCE_SIZE_MAX) {
      return this.#socket.write(Buffer.concat([head, content]));
    }
    this.#socket.cork();
    this.#socket.write(head);
    const takesMore = this.#socket.write(content);
    this.#socket.uncork();
    return takesMore;
  }

  /** Resolves when the socket takes more, and also when the exchange has ended. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.writableNeedDrain) this.#onDrain = resolve;
      else resolve();
    });
  }

  /** Lets the sender go on. */
  wake(): void {
    this.#onDrain?.();
    this.#onDrain = null;
  }

  /** Whether part of the request has not left the process. */
  hasUnsent(exchange: Exchange): boolean {
    return exchange.contentLeft > 0 || this.#socket.writableLength > 0;
  }
}
