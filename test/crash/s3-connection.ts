import { signRequest, testHost } from '../support/signed-request.ts';
import { HttpConnection, type RawAnswer } from './http-connection.ts';

export interface S3Endpoint {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Answer extends RawAnswer {
  /** The door's code; null for a success. CopyObject and others may fail after they said 200. */
  readonly errorCode: string | null;
}

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** S3 over a connection of its own. */
export class S3Connection {
  readonly #connection: HttpConnection;
  readonly #key: S3Endpoint;

  constructor(endpoint: S3Endpoint) {
    this.#key = endpoint;
    this.#connection = new HttpConnection(endpoint.endpoint);
  }

  /** Rejects as `HttpConnection` does. */
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
    const sent = { ...signed.headers, Host: testHost };
    const answer = await this.#connection.send(method, target, sent, body);
    return { ...answer, errorCode: codeOf(answer.status, answer.body) };
  }

  close(): void {
    this.#connection.close();
  }
}

function codeOf(status: number, body: Buffer): string | null {
  if (status >= 400 && body.length === 0) return `HTTP ${status}`;
  const isSmallDocument = body.length < 64 * 1024 && body.subarray(0, 5).toString() === '<?xml';
  if (!isSmallDocument) return null;
  return /<Error>\s*<Code>(.*?)<\/Code>/.exec(body.toString())?.[1] ?? null;
}
