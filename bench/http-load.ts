import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A request as bytes, signed before the clock starts. */
export interface PreparedRequest {
  readonly head: Buffer;
  readonly body: Buffer | null;
  /** The response to a HEAD has no body, whatever Content-Length says. */
  readonly isHead: boolean;
}

/**
 * One keep-alive HTTP/1.1 connection that sends prepared requests one after another. It does the
 * least a client can do, so that a benchmark measures the server and not its load generator.
 * Responses must carry Content-Length.
 */
export class LoadConnection {
  readonly #socket: Socket;
  #head: Buffer = Buffer.alloc(0);
  #bodyBytesLeft = -1;
  #status = 0;
  #isHead = false;
  #accepted: readonly number[] = [];
  #bytes = 0;
  #settle: { resolve: (bytes: number) => void; reject: (error: Error) => void } | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#settle?.reject(error));
    socket.on('close', () => this.#settle?.reject(new Error('the server closed the connection')));
  }

  static async open(host: string, port: number): Promise<LoadConnection> {
    const socket = connect({ host, port });
    await once(socket, 'connect');
    return new LoadConnection(socket);
  }

  /**
   * Resolves with the bytes of the response's body; rejects on a status other than 2xx and those
   * `accepted`.
   */
  send(request: PreparedRequest, accepted: readonly number[] = []): Promise<number> {
    this.#isHead = request.isHead;
    this.#accepted = accepted;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#socket.cork();
      this.#socket.write(request.head);
      if (request.body !== null) this.#socket.write(request.body);
      this.#socket.uncork();
    });
  }

  /** Reads nothing more. */
  pause(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#settle = null;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    let content = chunk;
    if (this.#bodyBytesLeft < 0) {
      this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const text = this.#head.toString('latin1', 0, end);
      this.#status = Number(text.slice(9, 12));
      const size = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      this.#bodyBytesLeft = this.#isHead ? 0 : size;
      content = this.#head.subarray(end + 4);
      this.#head = Buffer.alloc(0);
      this.#bytes = 0;
    }
    this.#bodyBytesLeft -= content.length;
    this.#bytes += content.length;
    if (this.#bodyBytesLeft > 0) return;
    this.#bodyBytesLeft = -1;
    const settle = this.#settle;
    this.#settle = null;
    const isExpected =
      (this.#status >= 200 && this.#status < 300) || this.#accepted.includes(this.#status);
    if (isExpected) settle?.resolve(this.#bytes);
    else settle?.reject(new Error(`HTTP ${this.#status}: ${content.toString('utf8', 0, 400)}`));
  }
}
