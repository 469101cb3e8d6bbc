import { Access } from '../core/access/access.ts';
import { anonymousCaller } from '../core/access/anonymous.ts';
import type { Caller } from '../core/services.ts';
import type { Exchange } from '../http/exchange.ts';
import { ReceivedHeaders } from '../http/request-headers.ts';
import type { HttpResponse } from '../http/send-response.ts';
import { authenticateManagement } from './auth/authenticate.ts';
import { apiCorsHeaders, apiPreflight } from './cors.ts';
import { QiniuError } from './errors.ts';
import { type RouteMatch, RouteMatcher } from './match-route.ts';
import type {
  Downloads,
  QiniuRequest,
  QiniuResponse,
  QiniuRoute,
  QiniuServices,
} from './operation.ts';
import { parseTarget, type QiniuTarget } from './target.ts';

const downloadMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** From bytes on the wire to one operation of Kodo's API, or a download. */
export class Dispatcher {
  readonly #matcher: RouteMatcher;
  readonly #downloads: Downloads | null;
  readonly #services: QiniuServices;

  constructor(routes: readonly QiniuRoute[], downloads: Downloads | null, services: QiniuServices) {
    this.#matcher = new RouteMatcher(routes);
    this.#downloads = downloads;
    this.#services = services;
  }

  async dispatch(exchange: Exchange): Promise<HttpResponse> {
    // Before anything can fail: pages of other origins are to read errors as well.
    exchange.corsHeaders = apiCorsHeaders;
    return toHttp(await this.#answer(exchange));
  }

  async #answer(exchange: Exchange): Promise<QiniuResponse> {
    const method = exchange.incoming.method ?? '';
    const headers = ReceivedHeaders.parse(exchange.incoming.rawHeaders);
    const target = parseTarget(exchange.target);
    const host = headers.get('host') ?? '';
    if (await this.#downloads?.isBucketHost(host)) {
      return await this.#download(exchange, headers, target);
    }
    const rows = this.#matcher.rowsOf(target.rawSegments);
    if (method === 'OPTIONS' && rows.length > 0) {
      exchange.operationName = 'preflight';
      return apiPreflight(headers);
    }
    const match = this.#matcher.find(method, target.rawSegments);
    if (match) return await this.#operate(exchange, headers, target, match);
    // Forms go to the root, where downloads look for objects as well.
    const isRoot = target.path === '/' && downloadMethods.has(method);
    if (rows.length > 0 && !isRoot) throw new QiniuError(405, 'method not allowed');
    return await this.#download(exchange, headers, target);
  }

  async #operate(
    exchange: Exchange,
    headers: ReceivedHeaders,
    target: QiniuTarget,
    match: RouteMatch,
  ): Promise<QiniuResponse> {
    const { name, authentication, hasCommands = false, handle } = match.route;
    exchange.operationName = name;
    if (authentication === 'own') {
      const request = requestOf(exchange, headers, target, { match, now: this.#services.core.now });
      return await handle(request, this.#services);
    }
    const { caller, body } = await authenticateManagement(
      exchange,
      headers,
      target.raw,
      hasCommands,
      this.#services,
    );
    const { now } = this.#services.core;
    const request = requestOf(exchange, headers, target, { match, now, caller, body });
    return await handle(request, this.#services);
  }

  async #download(
    exchange: Exchange,
    headers: ReceivedHeaders,
    target: QiniuTarget,
  ): Promise<QiniuResponse> {
    const { method = '' } = exchange.incoming;
    if (this.#downloads === null || !downloadMethods.has(method)) {
      throw new QiniuError(404, 'no such operation');
    }
    exchange.operationName = method === 'OPTIONS' ? 'preflight' : 'download';
    const request = requestOf(exchange, headers, target, { now: this.#services.core.now });
    return await this.#downloads.handle(request, this.#services);
  }
}

function requestOf(
  exchange: Exchange,
  headers: ReceivedHeaders,
  target: QiniuTarget,
  {
    match = null,
    caller = anonymousCaller,
    body = Buffer.alloc(0),
    now,
  }: {
    readonly match?: RouteMatch | null;
    readonly caller?: Caller;
    readonly body?: Buffer;
    readonly now: () => number;
  },
): QiniuRequest {
  const accessOf = (who: Caller): Access => {
    exchange.caller = who;
    return new Access(who, {
      sourceIp: exchange.origin.address,
      isSecure: exchange.origin.isSecure,
      nowMs: now(),
      // What S3's headers and parameters say in policies has no meaning here.
      headers: { get: (name) => (name.startsWith('x-amz-') ? null : headers.get(name)) },
      query: { get: () => null },
    });
  };
  return {
    id: exchange.id,
    method: exchange.incoming.method ?? '',
    target,
    argument: (name) => match?.arguments.get(name) ?? '',
    rest: match?.rest ?? [],
    headers,
    access: accessOf(caller),
    body,
    exchange,
    signal: exchange.signal,
    accessOf,
    concerns(bucketName, key) {
      exchange.bucketName = bucketName;
      exchange.key = key;
    },
  };
}

function toHttp({ status = 200, headers, json, body }: QiniuResponse): HttpResponse {
  const content = json === undefined ? body : JSON.stringify(json);
  return {
    status,
    ...(headers && { headers }),
    ...(content !== undefined && { body: content }),
  };
}
