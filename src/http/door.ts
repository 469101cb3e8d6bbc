import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import type { FindCredentials } from '../core/access-keys.ts';
import { GatewayError } from '../core/errors.ts';
import type { CoreServices } from '../core/services.ts';
import type { BodyPaceLimits } from './body-pace.ts';
import type { ClientErrorAnswer } from './client-error.ts';
import { Exchange, type HttpBindings, newRequestId } from './exchange.ts';
import type { ListenableDoor } from './listener.ts';
import type { RequestLimit } from './request-limit.ts';
import { logRequest } from './request-log.ts';
import type { RequestObserver } from './request-observer.ts';
import {
  type AnswerForm,
  type HttpResponse,
  type RequestIdentity,
  sendFailure,
  sendResponse,
} from './send-response.ts';
import { toGatewayError } from './to-gateway-error.ts';
import type { TrustedProxies } from './trusted-proxies.ts';

/** What every door needs of the gateway to serve requests. */
export interface DoorContext {
  readonly core: CoreServices;
  readonly findCredentials: FindCredentials;
  /** A body that comes more slowly is refused with `RequestTimeout`. */
  readonly bodyPace: BodyPaceLimits;
  readonly requestLimit: RequestLimit;
  readonly trustedProxies: TrustedProxies;
  readonly observer?: RequestObserver;
}

/** What became of a request that failed. */
interface Failure {
  readonly response: HttpResponse & { readonly body: string };
  /** For the log. */
  readonly code: string;
  /** Whether an operator should hear of it; what a client asked for in vain is in the request log. */
  readonly isFault: boolean;
}

/** One of the APIs that the gateway speaks. */
export interface Door extends AnswerForm {
  /** For the log: `s3`. */
  readonly name: string;
  /** Answers one request, or throws what is wrong. */
  dispatch(exchange: Exchange): Promise<HttpResponse>;
  /** What clients are told of what was thrown, `GatewayError` for what is no request at all. */
  fail(request: RequestIdentity, thrown: unknown): Failure;
}

/**
 * Serves a door over HTTP. The app works on Node's own request and response (`c.env`), because web
 * streams cost half the throughput and their normalised URL is not what was signed.
 */
export function openDoor(door: Door, context: DoorContext): ListenableDoor {
  const { observer, trustedProxies, requestLimit } = context;
  const { logger } = context.core;
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.all('*', async (c) => {
    const exchange = new Exchange(c.env, trustedProxies.originOf(c.env.incoming));
    const isWithinLimit = requestLimit.enter();
    observer?.started();
    exchange.outgoing.once('close', () => {
      requestLimit.leave();
      if (!exchange.isProbe) logRequest(exchange, logger, door.name);
      observer?.ended(exchange);
    });
    try {
      if (!isWithinLimit) throw new GatewayError('SlowDown');
      await sendResponse(exchange, await door.dispatch(exchange), door);
    } catch (thrown) {
      const { response, code, isFault } = door.fail(exchange, thrown);
      const isClientGone = exchange.signal.aborted;
      // What breaks because the client left is no error of ours.
      exchange.errorCode = isClientGone && isBreakage(thrown) ? null : code;
      if (isFault && !isClientGone) {
        const { id: requestId, operationName: operation } = exchange;
        const facts = { err: thrown, requestId, operation };
        logger.error(facts, `${door.name} request failed: ${code}`);
      }
      const hasTimedOut = isTimeout(thrown) || (thrown instanceof Error && isTimeout(thrown.cause));
      await sendFailure(exchange, response, door, { hasTimedOut });
    }
    return RESPONSE_ALREADY_SENT;
  });
  app.onError((error, c) => {
    logger.error({ err: error }, `${door.name} answer failed`);
    c.env.outgoing.destroy();
    return RESPONSE_ALREADY_SENT;
  });
  return { app, renderClientError: (error) => renderClientError(door, error) };
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof GatewayError && thrown.code === 'RequestTimeout';
}

/** Nobody decided on it: something below gave way. */
function isBreakage(thrown: unknown): boolean {
  return !(thrown instanceof Error) || toGatewayError(thrown).cause === thrown;
}

/** What is no request never comes to the app. */
function renderClientError(door: Door, error: GatewayError): ClientErrorAnswer {
  const identity: RequestIdentity = { id: newRequestId(), path: '' };
  const { status, headers, body } = door.fail(identity, error).response;
  const common = { 'content-type': door.contentType, ...door.headers(identity) };
  return { status, headers: { ...common, ...headers }, body };
}
