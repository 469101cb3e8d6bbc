import { randomBytes } from 'node:crypto';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { Access } from '../core/access/access.ts';
import { corsRules } from '../core/cors-rules.ts';
import { GatewayError, type GatewayErrorCode } from '../core/errors.ts';
import type { CoreServices } from '../core/services.ts';
import type { AuthenticationRequest, FindCredentials } from './auth/authentication.ts';
import { SigningKeyCache } from './auth/signature-v4.ts';
import type { BodyPaceLimits } from './body-pace.ts';
import { corsHeaders } from './cors/cors-headers.ts';
import { preflight } from './cors/preflight.ts';
import { type Envelope, openRequest } from './envelope.ts';
import { toGatewayError } from './error-document.ts';
import { errorEntry } from './errors.ts';
import { Exchange, type S3Bindings } from './exchange.ts';
import { boundaryOfUpload, openForm } from './form/form-envelope.ts';
import type { Operation, Route, S3Request, S3Response } from './operation.ts';
import { createResolver } from './operation-resolver.ts';
import { parseTarget, type RequestTarget } from './request.ts';
import { ReceivedHeaders } from './request-headers.ts';
import { logRequest } from './request-log.ts';
import type { RequestObserver } from './request-observer.ts';
import { routes as allRoutes } from './route-table.ts';
import { runOperation } from './run-operation.ts';
import { type ResponseIdentity, sendError, sendResponse } from './send-response.ts';
import type { TrustedProxies } from './trusted-proxies.ts';
import { refuseUnsupportedHeaders } from './unsupported-headers.ts';

export interface S3AppContext {
  readonly core: CoreServices;
  readonly findCredentials: FindCredentials;
  /** Domains whose subdomains are buckets; lower or upper case, without port. */
  readonly domains: readonly string[];
  /** A body that comes more slowly is refused with `RequestTimeout`. */
  readonly bodyPace: BodyPaceLimits;
  /** Requests that are served at a time; each may hold some MiB. More are told to slow down. */
  readonly requestsMax: number;
  /** Whether signatures of version 2 count. */
  readonly acceptsSignatureV2: boolean;
  readonly trustedProxies: TrustedProxies;
  readonly observer?: RequestObserver;
  /** Replaced in tests. */
  readonly routes?: readonly Route[];
}

/**
 * S3 over HTTP. The app works on Node's own request and response (`c.env`), because web streams
 * cost half the throughput and its normalised URL is not what was signed.
 */
export function createS3App(context: S3AppContext): Hono<{ Bindings: S3Bindings }> {
  const dispatcher = new Dispatcher(context);
  const identity: ResponseIdentity = {
    server: 'fastdfs-s3',
    hostId: randomBytes(24).toString('base64'),
  };
  const { observer, trustedProxies } = context;
  const { logger } = context.core;
  const app = new Hono<{ Bindings: S3Bindings }>();
  let requestCount = 0;
  app.all('*', async (c) => {
    const exchange = new Exchange(c.env, trustedProxies.originOf(c.env.incoming));
    requestCount += 1;
    observer?.started();
    exchange.outgoing.once('close', () => {
      requestCount -= 1;
      logRequest(exchange, logger);
      observer?.ended(exchange);
    });
    try {
      if (requestCount > context.requestsMax) throw new GatewayError('SlowDown');
      await sendResponse(exchange, await dispatcher.dispatch(exchange), identity);
    } catch (thrown) {
      const error = toGatewayError(thrown);
      const isClientGone = exchange.signal.aborted;
      // What breaks because the client left is no error of ours.
      exchange.errorCode = isClientGone && error !== thrown ? null : error.code;
      if (isFault(error.code) && !isClientGone) {
        const { id: requestId, operationName: operation } = exchange;
        logger.error({ err: thrown, requestId, operation }, `s3 request failed: ${error.code}`);
      }
      await sendError(exchange, error, identity);
    }
    return RESPONSE_ALREADY_SENT;
  });
  app.onError((error, c) => {
    logger.error({ err: error }, 's3 answer failed');
    c.env.outgoing.destroy();
    return RESPONSE_ALREADY_SENT;
  });
  return app;
}

/** From bytes on the wire to one operation: shape, who, what, may they, do it. */
class Dispatcher {
  readonly #context: S3AppContext;
  readonly #resolve: (request: Parameters<ReturnType<typeof createResolver>>[0]) => Operation;
  readonly #signingKeys = new SigningKeyCache();

  constructor(context: S3AppContext) {
    this.#context = context;
    this.#resolve = createResolver(context.routes ?? allRoutes);
  }

  async dispatch(exchange: Exchange): Promise<S3Response> {
    const { domains } = this.#context;
    const method = exchange.incoming.method ?? '';
    const received = ReceivedHeaders.parse(exchange.incoming.rawHeaders);
    checkHost(exchange, received);
    const target = parseTarget(exchange.target, received.get('host'), domains);
    exchange.bucketName = target.bucketName;
    exchange.key = target.key;
    if (method === 'OPTIONS') return await this.#preflight(exchange, target, received);
    await this.#prepareCors(exchange, received);

    const envelope = await this.#open(exchange, { method, target, headers: received });
    try {
      exchange.caller = envelope.caller;
      exchange.key = envelope.key;
      const { headers } = envelope;
      const { bucketName, key, query } = target;
      const operation = this.#resolve({ method, bucketName, key, query, headers });
      exchange.operationName = operation.name;
      refuseUnsupportedHeaders(headers, operation.name);
      const request = requestOf(exchange, target, envelope, {
        operation,
        nowMs: this.#context.core.now(),
      });
      return await runOperation(this.#context.core, operation, request);
    } finally {
      envelope.close();
    }
  }

  async #open(exchange: Exchange, request: AuthenticationRequest): Promise<Envelope> {
    const { core, findCredentials, acceptsSignatureV2, bodyPace } = this.#context;
    const context = {
      region: core.settings.region,
      now: core.now,
      findCredentials,
      signingKeys: this.#signingKeys,
      acceptsSignatureV2,
      bodyPace,
    };
    const boundary = boundaryOfUpload(request);
    return boundary === null
      ? await openRequest(exchange, request, context)
      : await openForm(exchange, request, boundary, context);
  }

  async #preflight(
    exchange: Exchange,
    { bucketName, key }: RequestTarget,
    headers: ReceivedHeaders,
  ): Promise<S3Response> {
    exchange.operationName = 'CorsPreflight';
    const bucket =
      bucketName === null ? null : await this.#context.core.index.findBucket(bucketName);
    return preflight(headers, { bucket, key });
  }

  /** Before anything can fail: pages of other origins are to read errors as well. */
  async #prepareCors(exchange: Exchange, headers: ReceivedHeaders): Promise<void> {
    const origin = headers.get('origin');
    if (origin === null || exchange.bucketName === null) return;
    const bucket = await this.#context.core.index.findBucket(exchange.bucketName);
    const rules = bucket && corsRules.of(bucket);
    if (!rules) return;
    const method = exchange.incoming.method ?? '';
    exchange.corsHeaders = corsHeaders(rules, { method, origin, headers });
  }
}

function requestOf(
  exchange: Exchange,
  { bucketName, path, query }: RequestTarget,
  envelope: Envelope,
  { operation, nowMs }: { readonly operation: Operation; readonly nowMs: number },
): S3Request {
  const { caller, key, headers, form } = envelope;
  return {
    id: exchange.id,
    method: exchange.incoming.method ?? '',
    bucketName,
    key,
    path,
    query,
    headers,
    form,
    access: new Access(caller, {
      sourceIp: exchange.origin.address,
      isSecure: exchange.origin.isSecure,
      nowMs,
      headers: envelope.policyHeaders,
      query,
    }),
    signal: exchange.signal,
    content: () => envelope.content(operation),
    text: (sizeBytesMax) => envelope.text(operation, sizeBytesMax),
  };
}

/** Whether an operator should hear of it; what a client asked for in vain is in the request log. */
function isFault(code: GatewayErrorCode): boolean {
  return code !== 'NotImplemented' && errorEntry(code).httpStatus >= 500;
}

/** RFC 9112, section 3.2: without it, nobody can say which bucket or signature is meant. */
function checkHost(exchange: Exchange, headers: ReceivedHeaders): void {
  const isExempt =
    exchange.incoming.httpVersionMajor === 1 && exchange.incoming.httpVersionMinor === 0;
  if (headers.get('host') !== null || isExempt) return;
  throw new GatewayError('InvalidRequest', { message: 'The Host header is missing.' });
}
