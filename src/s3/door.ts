import { randomBytes } from 'node:crypto';
import { Access } from '../core/access/access.ts';
import { corsRules } from '../core/cors-rules.ts';
import { GatewayError } from '../core/errors.ts';
import { corsHeaders } from '../http/cors-headers.ts';
import { type Door, type DoorContext, openDoor } from '../http/door.ts';
import { errorEntry } from '../http/errors.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ListenableDoor } from '../http/listener.ts';
import { ReceivedHeaders } from '../http/request-headers.ts';
import { toGatewayError } from '../http/to-gateway-error.ts';
import type { AuthenticationRequest } from './auth/authentication.ts';
import { SigningKeyCache } from './auth/signature-v4.ts';
import { preflight } from './cors/preflight.ts';
import { type Envelope, openRequest } from './envelope.ts';
import { errorHeaders, renderError } from './error-document.ts';
import { boundaryOfUpload, openForm } from './form/form-envelope.ts';
import type { Operation, Route, S3Request, S3Response } from './operation.ts';
import { createResolver } from './operation-resolver.ts';
import { parseTarget, type RequestTarget } from './request.ts';
import { routes as allRoutes } from './route-table.ts';
import { runOperation } from './run-operation.ts';
import { refuseUnsupportedHeaders } from './unsupported-headers.ts';

export interface S3DoorContext extends DoorContext {
  /** Domains whose subdomains are buckets; lower or upper case, without port. */
  readonly domains: readonly string[];
  /** Whether signatures of version 2 count. */
  readonly acceptsSignatureV2: boolean;
  /** Replaced in tests. */
  readonly routes?: readonly Route[];
}

/** S3 over HTTP. */
export function createS3Door(context: S3DoorContext): ListenableDoor {
  const dispatcher = new Dispatcher(context);
  /** `x-amz-id-2`: which gateway answered. */
  const hostId = randomBytes(24).toString('base64');
  const door: Door = {
    name: 's3',
    contentType: 'application/xml',
    headers: ({ id }) => ({ 'x-amz-request-id': id, 'x-amz-id-2': hostId, server: 'fastdfs-s3' }),
    dispatch: (exchange) => dispatcher.dispatch(exchange),
    fail({ path, id }, thrown) {
      const error = toGatewayError(thrown);
      const { code } = error;
      const { httpStatus: status } = errorEntry(code);
      const body = renderError(error, { resource: path, requestId: id, hostId });
      return {
        response: { status, headers: errorHeaders(error), body },
        code,
        isFault: code !== 'NotImplemented' && status >= 500,
      };
    },
  };
  return openDoor(door, context);
}

/** From bytes on the wire to one operation: shape, who, what, may they, do it. */
class Dispatcher {
  readonly #context: S3DoorContext;
  readonly #resolve: (request: Parameters<ReturnType<typeof createResolver>>[0]) => Operation;
  readonly #signingKeys = new SigningKeyCache();

  constructor(context: S3DoorContext) {
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

/** RFC 9112, section 3.2: without it, nobody can say which bucket or signature is meant. */
function checkHost(exchange: Exchange, headers: ReceivedHeaders): void {
  const isExempt =
    exchange.incoming.httpVersionMajor === 1 && exchange.incoming.httpVersionMinor === 0;
  if (headers.get('host') !== null || isExempt) return;
  throw new GatewayError('InvalidRequest', { message: 'The Host header is missing.' });
}
