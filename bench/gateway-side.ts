import aws4 from 'aws4';
import { LoadConnection, type PreparedRequest } from './http-load.ts';

export interface GatewayEndpoint {
  readonly host: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** S3 over keep-alive connections, one per lane; requests are signed before they are timed. */
export class GatewaySide {
  readonly #endpoint: GatewayEndpoint;
  readonly #connections: LoadConnection[] = [];

  constructor(endpoint: GatewayEndpoint) {
    this.#endpoint = endpoint;
  }

  async connect(count: number): Promise<void> {
    while (this.#connections.length < count) {
      this.#connections.push(await LoadConnection.open(this.#endpoint.host, this.#endpoint.port));
    }
  }

  prepare(method: string, path: string, body: Buffer | null = null): PreparedRequest {
    const { host, port, accessKeyId, secretAccessKey } = this.#endpoint;
    const signed = aws4.sign(
      {
        service: 's3',
        region: 'us-east-1',
        method,
        path,
        host: `${host}:${port}`,
        headers: {
          host: `${host}:${port}`,
          'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
          ...(body === null ? {} : { 'content-length': String(body.length) }),
        },
      },
      { accessKeyId, secretAccessKey },
    );
    const lines = Object.entries(signed.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
    return {
      head: Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`),
      body,
      isHead: method === 'HEAD',
    };
  }

  /**
   * Resolves with the bytes of the response's body; rejects on a status other than 2xx and those
   * `accepted`.
   */
  send(request: PreparedRequest, lane: number, accepted: readonly number[] = []): Promise<number> {
    const connection = this.#connections[lane];
    if (connection === undefined) throw new RangeError(`no connection for lane ${lane}`);
    return connection.send(request, accepted);
  }

  /** Leaves what arrives from now on in the sockets. */
  pause(): void {
    for (const connection of this.#connections) connection.pause();
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
