import type { Agent as HttpAgent, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { type AllowedTarget, namesHost } from './allowed-targets.ts';
import { exchange, StaleConnectionError } from './exchange.ts';
import {
  type AddressFilter,
  createHttpAgent,
  createHttpsAgent,
  type Resolve,
} from './filtering-agents.ts';
import { OutboundError } from './outbound-error.ts';
import { type Hop, nextHop } from './redirect.ts';

const connectTimeoutDefaultMs = 10_000;
const idleTimeoutDefaultMs = 30_000;

/** Connections to one server at a time; more requests wait for one, within their timeout. */
const connectionsPerHostMax = 256;
const idleConnectionsPerHostMax = 16;

export interface OutboundRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
  /** Until the head of the last answer has come, for each redirect anew. */
  readonly timeoutMs: number;
  /** TCP and TLS; 10 s when left out. */
  readonly connectTimeoutMs?: number;
  /** Silence that ends the body; 30 s when left out. */
  readonly idleTimeoutMs?: number;
  readonly signal?: AbortSignal;
  /** 0, when left out: an answer that redirects is given as it is. */
  readonly redirectsMax?: number;
  /** Bound to the hosts of `GATEWAY_CALLBACK_HOSTS`, where there are any. */
  readonly isCallback?: boolean;
}

export interface OutboundResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** To be read to its end or destroyed, or its connection stays taken; see `readBody`. */
  readonly body: Readable;
  /** That answered: the last one of the redirects. */
  readonly url: string;
}

export interface OutboundSettings {
  /** Private addresses that may be talked to all the same. */
  readonly allowed: readonly AllowedTarget[];
  /** Hosts that callbacks may go to; any when empty. */
  readonly callbackHosts: readonly AllowedTarget[];
}

/**
 * Every request that the gateway sends to a server that a user names goes through here. Refuses
 * addresses that are not public, at the time of connecting and for each redirect.
 */
export class OutboundHttp {
  /** For clients that make their own requests, such as the AWS SDK's: they filter as well. */
  readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
  /** What may not be sent twice gets a new connection: an idle one may just have been closed. */
  readonly #freshAgents: typeof this.agents;
  readonly #settings: OutboundSettings;

  constructor(settings: OutboundSettings, options: { readonly resolve?: Resolve } = {}) {
    this.#settings = settings;
    const filter: AddressFilter = { allowed: settings.allowed, ...options };
    const pooled = {
      keepAlive: true,
      maxSockets: connectionsPerHostMax,
      maxFreeSockets: idleConnectionsPerHostMax,
      timeout: 15_000,
    };
    const fresh = { keepAlive: false, maxSockets: connectionsPerHostMax };
    this.agents = {
      http: createHttpAgent(filter, pooled),
      https: createHttpsAgent(filter, pooled),
    };
    this.#freshAgents = {
      http: createHttpAgent(filter, fresh),
      https: createHttpsAgent(filter, fresh),
    };
  }

  /**
   * Sends a request and follows redirects, as many as allowed. Resolves when the head of the answer
   * has come, whatever its status. Throws `OutboundError`, or the signal's reason.
   */
  async request(request: OutboundRequest): Promise<OutboundResponse> {
    const { redirectsMax = 0 } = request;
    let hop = firstHop(request);
    for (let redirects = 0; ; redirects += 1) {
      this.#checkUrl(hop.url, request.isCallback ?? false);
      const response = await this.#exchange(hop, request);
      const { statusCode: status = 0, headers } = response;
      const next = redirectsMax === 0 ? null : nextHopOf(hop, status, headers);
      if (next === null) return { status, headers, body: response, url: hop.url.href };
      response.destroy();
      if (redirects === redirectsMax) throw tooManyRedirects(hop.url, redirectsMax);
      hop = next;
    }
  }

  close(): void {
    for (const { http, https } of [this.agents, this.#freshAgents]) {
      http.destroy();
      https.destroy();
    }
  }

  async #exchange(hop: Hop, request: OutboundRequest) {
    const {
      timeoutMs,
      connectTimeoutMs = connectTimeoutDefaultMs,
      idleTimeoutMs = idleTimeoutDefaultMs,
      signal,
    } = request;
    const timeouts = { timeoutMs, connectTimeoutMs, idleTimeoutMs };
    const agentOf = (agents: typeof this.agents) =>
      hop.url.protocol === 'https:' ? agents.https : agents.http;
    const isRepeatable = hop.method === 'GET' || hop.method === 'HEAD';
    if (!isRepeatable) return await exchange(hop, agentOf(this.#freshAgents), timeouts, signal);
    try {
      return await exchange(hop, agentOf(this.agents), timeouts, signal);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      return await exchange(hop, agentOf(this.#freshAgents), timeouts, signal);
    }
  }

  #checkUrl(url: URL, isCallback: boolean): void {
    const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
    if (!isHttp || url.username !== '' || url.password !== '') {
      throw new OutboundError(
        'invalid-url',
        'Only http and https URLs without user name and password can be requested.',
      );
    }
    const { callbackHosts } = this.#settings;
    if (!isCallback || callbackHosts.length === 0) return;
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (namesHost(callbackHosts, { host, port })) return;
    throw new OutboundError(
      'forbidden-address',
      `${url.host} is not among the hosts of GATEWAY_CALLBACK_HOSTS.`,
    );
  }
}

function firstHop({ method, url, headers = {}, body }: OutboundRequest): Hop {
  const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    method: method.toUpperCase(),
    url: parseUrl(url),
    // Bytes as they are stored there, not as they are packed for the way.
    headers: {
      'user-agent': 'fastdfs-s3',
      'accept-encoding': 'identity',
      ...Object.fromEntries(lowered),
    },
    body: body ?? null,
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url) return url;
  throw new OutboundError('invalid-url', 'The URL that was to be requested is none.');
}

function nextHopOf(hop: Hop, status: number, headers: IncomingHttpHeaders): Hop | null {
  try {
    return nextHop(hop, status, headers);
  } catch (cause) {
    throw new OutboundError('invalid-url', `${hop.url.host} redirects to what is no URL.`, {
      cause,
    });
  }
}

function tooManyRedirects(url: URL, redirectsMax: number): OutboundError {
  return new OutboundError(
    'too-many-redirects',
    `${url.host} redirects on after ${redirectsMax} redirects.`,
  );
}
