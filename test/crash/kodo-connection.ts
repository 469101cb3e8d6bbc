import { createHmac } from 'node:crypto';
import { BUCKET } from './content.ts';
import { HttpConnection } from './http-connection.ts';
import type { Answer } from './s3-connection.ts';

export interface KodoEndpoint {
  readonly qiniuUrl: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const TOKEN_SECONDS = 3600;

/** The door of Kodo's API, over a connection of its own. */
export class KodoConnection {
  readonly #connection: HttpConnection;
  readonly #endpoint: KodoEndpoint;

  constructor(endpoint: KodoEndpoint) {
    this.#endpoint = endpoint;
    this.#connection = new HttpConnection(endpoint.qiniuUrl);
  }

  /** A management call, signed in the old style. */
  async manage(path: string): Promise<Answer> {
    const { accessKeyId } = this.#endpoint;
    const headers = { Authorization: `QBox ${accessKeyId}:${this.#sign(`${path}\n`)}` };
    return await this.#send(path, headers);
  }

  /** A call that goes with an upload of that key. */
  async upload(path: string, key: string, body: Buffer): Promise<Answer> {
    const headers = {
      Authorization: `UpToken ${this.tokenFor(key)}`,
      'Content-Type': 'application/octet-stream',
    };
    return await this.#send(path, headers, body);
  }

  async sendForm(boundary: string, body: Buffer): Promise<Answer> {
    return await this.#send(
      '/',
      { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
      body,
    );
  }

  /** Lets its bearer write that key, whatever it holds. */
  tokenFor(key: string): string {
    const deadline = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
    const policy = encodeUrlSafe(JSON.stringify({ scope: `${BUCKET}:${key}`, deadline }));
    return `${this.#endpoint.accessKeyId}:${this.#sign(policy)}:${policy}`;
  }

  close(): void {
    this.#connection.close();
  }

  #sign(text: string): string {
    return encodeUrlSafe(createHmac('sha1', this.#endpoint.secretAccessKey).update(text).digest());
  }

  async #send(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer = Buffer.alloc(0),
  ): Promise<Answer> {
    const length = { 'Content-Length': String(body.length) };
    const answer = await this.#connection.send('POST', path, { ...headers, ...length }, body);
    return { ...answer, errorCode: answer.status === 200 ? null : String(answer.status) };
  }
}

/** URL-safe base64 with padding. */
export function encodeUrlSafe(content: string | Buffer): string {
  return Buffer.from(content).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

export function encodeEntry(key: string): string {
  return encodeUrlSafe(`${BUCKET}:${key}`);
}
