import { createHmac } from 'node:crypto';
import {
  type OriginBody,
  OriginError,
  type OriginErrorReason,
  type OriginHead,
  type OriginSource,
} from '../core/origin/origin.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import type { OutboundHttp, OutboundResponse } from '../outbound/outbound-http.ts';
import { headOf } from './origin-headers.ts';

const answerTimeoutMs = 30_000;
const redirectsMax = 5;
/** A body that nobody wants is read to its end, if it is this small, so that the connection stays. */
const unwantedSizeBytesMax = 64 * 1024;
/** How long a link to a private Kodo object is good for. */
const linkLifetimeSeconds = 3600;

export interface HttpOriginOptions {
  readonly outbound: OutboundHttp;
  readonly kind: 'http' | 'qiniu';
  /** Ends in `/`; the key follows. */
  readonly url: string;
  /** Signs links to private objects of Kodo. */
  readonly keyPair: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Objects at URLs: any web server, or a domain of a Kodo bucket. */
export class HttpOriginSource implements OriginSource {
  readonly #options: HttpOriginOptions;

  constructor(options: HttpOriginOptions) {
    this.#options = options;
  }

  async head(key: string, signal: AbortSignal): Promise<OriginHead | 'unsupported' | null> {
    const url = this.#urlOf(key);
    if (url === null) return null;
    const response = await this.#request('HEAD', url, signal);
    letGo(response);
    if (response.status === 405 || response.status === 501) return 'unsupported';
    return isMissing(response) ? null : this.#headOf(response);
  }

  async open(key: string, signal: AbortSignal): Promise<OriginBody | null> {
    const url = this.#urlOf(key);
    if (url === null) return null;
    const response = await this.#request('GET', url, signal);
    try {
      if (isMissing(response)) {
        letGo(response);
        return null;
      }
      const head = this.#headOf(response);
      if (head.size === null && response.headers['transfer-encoding'] === undefined) {
        throw new OriginError('refused', 'It tells neither the length nor the end of its answer.');
      }
      return { head, body: response.body };
    } catch (error) {
      letGo(response);
      throw error;
    }
  }

  #headOf({ status, headers }: OutboundResponse): OriginHead {
    if (status !== 200) throw new OriginError('refused', `It answered with status ${status}.`);
    return headOf(headers, this.#options.kind);
  }

  async #request(method: string, url: string, signal: AbortSignal): Promise<OutboundResponse> {
    try {
      return await this.#options.outbound.request({
        method,
        url,
        timeoutMs: answerTimeoutMs,
        redirectsMax,
        signal,
      });
    } catch (error) {
      throw originErrorOf(error);
    }
  }

  /** Null for a key that no URL below the prefix can have. */
  #urlOf(key: string): string | null {
    const segments = key.split('/');
    // A URL with one of these would be of something outside of the prefix.
    if (segments.includes('.') || segments.includes('..')) return null;
    const { url, keyPair, now } = this.#options;
    const plain = url + segments.map(encodeURIComponent).join('/');
    if (!keyPair) return plain;
    const deadline = Math.floor(now() / 1000) + linkLifetimeSeconds;
    return privateLink(plain, keyPair, deadline);
  }
}

/** https://developer.qiniu.com/kodo/1202/download-token */
export function privateLink(
  url: string,
  {
    accessKeyId,
    secretAccessKey,
  }: { readonly accessKeyId: string; readonly secretAccessKey: string },
  deadlineSeconds: number,
): string {
  const signed = `${url}?e=${deadlineSeconds}`;
  const digest = createHmac('sha1', secretAccessKey).update(signed).digest('base64');
  const signature = digest.replaceAll('+', '-').replaceAll('/', '_');
  return `${signed}&token=${accessKeyId}:${signature}`;
}

const reasons: Partial<Record<OutboundError['reason'], OriginErrorReason>> = {
  timeout: 'timeout',
  unreachable: 'unreachable',
};

/** What a request that failed says of the origin; a signal's reason stays as it is. */
export function originErrorOf(error: unknown): unknown {
  if (!(error instanceof OutboundError)) return error;
  return new OriginError(reasons[error.reason] ?? 'refused', error.message, { cause: error });
}

function isMissing({ status }: OutboundResponse): boolean {
  return status === 404 || status === 410;
}

function letGo({ body, headers }: OutboundResponse): void {
  const size = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  body.on('error', () => {});
  if (size <= unwantedSizeBytesMax) body.resume();
  else body.destroy();
}
