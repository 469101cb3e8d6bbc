import { connect, type Socket } from 'node:net';
import type { SignedHttpRequest } from './signed-request.ts';

export interface RawResponse {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A socket that is written and read by hand. */
export class RawConnection {
  readonly socket: Socket;
  #received = '';
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    // One listener for each wait: a connection may be asked for many responses.
    socket.setMaxListeners(0);
    socket.on('data', (bytes) => {
      this.#received += bytes.toString('latin1');
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const connection = new RawConnection(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return connection;
  }

  write(data: string | Buffer): void {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** Head and body of the next response; `isHead` when none has a body. */
  async response(options: { readonly isHead?: boolean } = {}): Promise<RawResponse> {
    await this.#until(() => this.#received.includes('\r\n\r\n'));
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd === -1) throw new Error(`No response: ${JSON.stringify(this.#received)}`);
    const [statusLine = '', ...lines] = this.#received.slice(0, headEnd).split('\r\n');
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    const status = Number(statusLine.split(' ')[1]);
    const isBodiless = options.isHead || status === 100 || status === 204 || status === 304;
    const size = isBodiless ? 0 : Number(headers.get('content-length') ?? 0);
    const end = headEnd + 4 + size;
    await this.#until(() => this.#received.length >= end);
    const body = this.#received.slice(headEnd + 4, end);
    this.#received = this.#received.slice(end);
    return { status, headers, body };
  }

  /** What came after the last response, until the server closed the connection. */
  async rest(): Promise<string> {
    await this.#until(() => false);
    return this.#received;
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #until(isEnough: () => boolean): Promise<void> {
    while (!isEnough() && !this.#isClosed && !this.socket.readableEnded) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.socket.once('end', resolve);
      });
    }
  }
}

/** Head of a request, with its blank line. */
export function renderHead(request: SignedHttpRequest): string {
  const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${request.method} ${request.target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
