import { connect, type Socket } from 'node:net';
import type { RequestEncoder } from '../../src/fastdfs/protocol/command.ts';
import { encodeHeader, encodeRequestMessage, Framer } from '../../src/fastdfs/protocol/frame.ts';

export interface RawResponse {
  readonly status: number;
  readonly bodyLength: number;
  readonly body: Buffer;
}

/** A FastDFS connection that sends what it is told, right or wrong. For tests of servers. */
export class RawConnection {
  readonly socket: Socket;
  readonly #framer = new Framer({ bodySizeBytesMax: Number.MAX_SAFE_INTEGER });
  #wake: () => void = () => {};
  #ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#framer.push(chunk);
      this.#wake();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  static async open({ host, port }: { host: string; port: number }): Promise<RawConnection> {
    const socket = connect(port, host);
    const connection = new RawConnection(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', () => resolve());
      socket.once('error', reject);
    });
    return connection;
  }

  /** Sends bytes as they are. */
  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** One response; null when the server closed instead. */
  async receive(): Promise<RawResponse | null> {
    let header = this.#framer.readHeader();
    while (header === null) {
      if (this.#ended) return null;
      await this.#more();
      header = this.#framer.readHeader();
    }
    if (header.status !== 0) {
      this.#framer.expectNoBody();
      return { ...header, body: Buffer.alloc(0) };
    }
    let body = this.#framer.readBody();
    while (body === null) {
      if (this.#ended) return null;
      await this.#more();
      body = this.#framer.readBody();
    }
    return { ...header, body };
  }

  /** A request of a known command, and its response. */
  async request<Request>(
    command: RequestEncoder<Request>,
    request: Request,
    content: Buffer = Buffer.alloc(0),
  ): Promise<RawResponse | null> {
    this.send(Buffer.concat([encodeRequestMessage(command, request), content]));
    return this.receive();
  }

  /** A request of any command with any body, and its response. */
  async requestRaw(code: number, body: Buffer, status = 0): Promise<RawResponse | null> {
    this.send(Buffer.concat([encodeHeader({ bodyLength: body.length, code, status }), body]));
    return this.receive();
  }

  /** Resolves when the server has closed the connection. */
  async closedByServer(): Promise<void> {
    while (!this.#ended) await this.#more();
  }

  /** Vanishes without a word. */
  vanish(): void {
    this.socket.resetAndDestroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
