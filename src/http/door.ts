import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { GatewayError } from '../core/errors.ts';
import type { Logger } from '../support/logger.ts';
import type { ClientErrorAnswer } from './client-error.ts';
import { Exchange, type HttpBindings, newRequestId } from './exchange.ts';
import type { ListenableDoor } from './listener.ts';
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
  readonly logger: Logger;
  /** Requests that are served at a time; each may hold some MiB. More are told to slow down. */
  readonly requestsMax: number;
  readonly trustedProxies: TrustedProxies;
  readonly observer?: RequestObserver;
}

/** One of the APIs that the gateway speaks. */
export interface Door extends AnswerForm {
  /** For the log: `s3`. */
  readonly name: string;
  /** Answers one request, or throws what is wrong. */
  dispatch(exchange: Exchange): Promise<HttpResponse>;
  renderError(
    request: RequestIdentity,
    error: GatewayError,
  ): HttpResponse & { readonly body: string };
  /** Whether an operator should hear of it; what a client asked for in vain is in the request log. */
  isFault(error: GatewayError): boolean;
}

/**
 * Serves a door over HTTP. The app works on Node's own request and response (`c.env`), because web
 * streams cost half the throughput and their normalised URL is not what was signed.
 */
export function openDoor(door: Door, context: DoorContext): ListenableDoor {
  const { observer, trustedProxies, logger } = context;
  const app = new Hono<{ Bindings: HttpBindings }>();
  let requestCount = 0;
  app.all('*', async (c) => {
    const exchange = new Exchange(c.env, trustedProxies.originOf(c.env.incoming));
    requestCount += 1;
    observer?.started();
    exchange.outgoing.once('close', () => {
      requestCount -= 1;
      logRequest(exchange, logger, door.name);
      observer?.ended(exchange);
    });
    try {
      if (requestCount > context.requestsMax) throw new GatewayError('SlowDown');
      await sendResponse(exchange, await door.dispatch(exchange), door);
    } catch (thrown) {
      const error = toGatewayError(thrown);
      const isClientGone = exchange.signal.aborted;
      // What breaks because the client left is no error of ours.
      exchange.errorCode = isClientGone && error !== thrown ? null : error.code;
      if (door.isFault(error) && !isClientGone) {
        const { id: requestId, operationName: operation } = exchange;
        logger.error(
          { err: thrown, requestId, operation },
          `${door.name} request failed: ${error.code}`,
        );
      }
      const hasTimedOut = error.code === 'RequestTimeout';
      await sendFailure(exchange, door.renderError(exchange, error), door, { hasTimedOut });
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

/** What is no request never comes to the app. */
function renderClientError(door: Door, error: GatewayError): ClientErrorAnswer {
  const identity: RequestIdentity = { id: newRequestId(), path: '' };
  const { status, headers, body } = door.renderError(identity, error);
  const common = { 'content-type': door.contentType, ...door.headers(identity) };
  return { status, headers: { ...common, ...headers }, body };
}
