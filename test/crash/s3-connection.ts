import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { signRequest, testHost } from '../support/signed-request.ts';

export interface S3Endpoint {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** S3's code; null for a success. CopyObject and others may fail after they said 200. */
  readonly errorCode: string | null;
}

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Nothing listens there: the request did surely not get to the gateway. */
export class NotSentError extends Error {}

/** One keep-alive connection, as a client has that sends its requests one after another. */
export class S3Connection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #key: S3Endpoint;
  readonly #url: URL;

  constructor(endpoint: S3Endpoint) {
    this.#key = endpoint;
    this.#url = new URL(endpoint.endpoint);
  }

  /** Rejects when no whole answer comes; with `NotSentError` when the request never left. */
  async send(method: string, target: string, options: RequestOptions = {}): Promise<Answer> {
    const { body, headers = {} } = options;
    const signed = signRequest({
      key: this.#key,
      method,
      target,
      headers: {
        ...headers,
        'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
        ...(body && { 'Content-Length': String(body.length) }),
      },
    });
    const response = await this.#exchange(method, target, signed.headers, body);
    const chunks: Buffer[] = [];
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
    const received = Buffer.concat(chunks);
    const status = response.statusCode ?? 0;
    return {
      status,
      headers: response.headers,
      body: received,
      errorCode: codeOf(status, received),
    };
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
    const { hostname, port } = this.#url;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          agent: this.#agent,
          host: hostname,
          port,
          method,
          path,
          headers: { ...headers, Host: testHost },
        },
        resolve,
      );
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        reject(error.code === 'ECONNREFUSED' ? new NotSentError(error.message) : error),
      );
      outgoing.end(body);
    });
  }
}

function codeOf(status: number, body: Buffer): string | null {
  if (status >= 400 && body.length === 0) return `HTTP ${status}`;
  const isSmallDocument = body.length < 64 * 1024 && body.subarray(0, 5).toString() === '<?xml';
  if (!isSmallDocument) return null;
  return /<Error>\s*<Code>(.*?)<\/Code>/.exec(body.toString())?.[1] ?? null;
}
