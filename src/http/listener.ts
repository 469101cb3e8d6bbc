import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { HostPort } from '../support/units.ts';
import { answerClientError, type RenderClientError } from './client-error.ts';
import { type HttpBindings, isConnectionClosing } from './exchange.ts';

/** Request line and headers together; AWS allows 8 KiB of headers, and paths come on top. */
const headSizeBytesMax = 16 * 1024;
const headersTimeoutMs = 60_000;
/** Longer than the usual idle time of load balancers, which must be the side that hangs up. */
const keepAliveTimeoutMs = 75_000;
/** What a socket and a body may buffer each way; Node's 16 KiB cost throughput. */
const streamBufferBytes = 128 * 1024;

export interface HttpListener {
  readonly host: string;
  readonly port: number;
  /**
   * Stops accepting, answers what has begun and resolves when all connections are closed; after
   * `graceMs` the rest is cut off.
   */
  close(graceMs: number): Promise<void>;
}

/** A door's app, and how it answers what is no request. */
export interface ListenableDoor {
  readonly app: Hono<{ Bindings: HttpBindings }>;
  readonly renderClientError: RenderClientError;
}

/** Node's adapter refuses and normalises URLs that are fine for S3; it gets to see this one. */
const adapterUrl = 'http://gateway/';

function createHttpServer(
  { app, renderClientError }: ListenableDoor,
  isClosing: () => boolean,
): Server {
  const extras = new WeakMap<IncomingMessage, { target: string; awaitsContinue: boolean }>();
  const serve = getRequestListener(
    (request, { incoming, outgoing }) =>
      app.fetch(request, {
        incoming,
        outgoing,
        isClosing,
        ...extras.get(incoming as IncomingMessage),
      }),
    { overrideGlobalObjects: false, autoCleanupIncoming: false },
  );
  const handle =
    (awaitsContinue: boolean) => (incoming: IncomingMessage, outgoing: ServerResponse) => {
      if (isConnectionClosing(incoming)) return;
      extras.set(incoming, { target: incoming.url ?? '', awaitsContinue });
      incoming.url = adapterUrl;
      serve(incoming, outgoing).catch(() => outgoing.destroy());
    };
  const server = createServer({
    maxHeaderSize: headSizeBytesMax,
    headersTimeout: headersTimeoutMs,
    // Large bodies take as long as they take; the body stream watches for stalls.
    requestTimeout: 0,
    keepAliveTimeout: keepAliveTimeoutMs,
    highWaterMark: streamBufferBytes,
    noDelay: true,
    // The doors answer that themselves.
    requireHostHeader: false,
  });
  // The size of the head is the limit; Node's would silently drop headers beyond a count.
  server.maxHeadersCount = 0;
  server.on('request', handle(false));
  server.on('checkContinue', handle(true));
  server.on('checkExpectation', handle(false));
  server.on('clientError', (error, socket) => answerClientError(error, socket, renderClientError));
  return server;
}

/** Serves a door on a port of its own, 0 for any free one. Rejects when the address cannot be had. */
export async function listenHttp(door: ListenableDoor, options: HostPort): Promise<HttpListener> {
  let closing: Promise<void> | null = null;
  const server = createHttpServer(door, () => closing !== null);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    close(graceMs) {
      closing ??= closeServer(server, graceMs);
      return closing;
    },
  };
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cutOff);
      resolve();
    });
    server.closeIdleConnections();
  });
}
