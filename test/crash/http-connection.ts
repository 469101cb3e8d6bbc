import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Nothing listens there: the request did surely not get to the gateway. */
export class NotSentError extends Error {}

/** One keep-alive connection, as a client has that sends its requests one after another. */
export class HttpConnection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: URL;

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** Rejects when no whole answer comes; with `NotSentError` when the request never left. */
  async send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: Buffer,
  ): Promise<RawAnswer> {
    const response = await this.#exchange(method, path, headers, body);
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const status = response.statusCode ?? 0;
    return { status, headers: response.headers, body: Buffer.concat(chunks) };
  }

  close(): void {
    this.#agent.destroy();
  }

  #exchange(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer | undefined,
  ): Promise<IncomingMessage> {
    const { hostname: host, port } = this.#url;
    return new Promise((resolve, reject) => {
      const outgoing = request({ agent: this.#agent, host, port, method, path, headers }, resolve);
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'ECONNREFUSED' ? new NotSentError(error.message) : error),
      );
      outgoing.end(body);
    });
  }
}
