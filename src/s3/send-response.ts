import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { GatewayError } from '../core/errors.ts';
import { downloadBuffers } from '../support/reused-buffers.ts';
import { hasEndedEarly } from './body-stream.ts';
import { drainRequest } from './drain.ts';
import { errorHeaders, renderError } from './error-document.ts';
import { errorEntry } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { S3Response } from './operation.ts';

/** An unread body of at most this many bytes is read and dropped and the connection kept. */
const unreadBytesKept = 256 * 1024;
/** A client that takes no byte of its answer for so long is gone. */
const responseIdleTimeoutMs = 120_000;

export interface ResponseIdentity {
  readonly server: string;
  /** `x-amz-id-2`: which gateway answered. */
  readonly hostId: string;
}

function headOf(
  exchange: Exchange,
  response: S3Response,
  identity: ResponseIdentity,
): Record<string, string | number> {
  const head: Record<string, string | number> = {
    'x-amz-request-id': exchange.id,
    'x-amz-id-2': identity.hostId,
    server: identity.server,
    ...exchange.corsHeaders,
  };
  for (const [name, value] of Object.entries(response.headers ?? {})) {
    if (value !== undefined) head[name.toLowerCase()] = value;
  }
  if (mustClose(exchange, response)) {
    exchange.closeConnection();
    head.connection = 'close';
  }
  return head;
}

/** Whether what follows on this connection could be a body that nobody will read. */
function mustClose(exchange: Exchange, response: S3Response): boolean {
  const { incoming } = exchange;
  if (exchange.isClosing()) return true;
  if (incoming.complete) return false;
  if (exchange.awaitsContinue || response.body instanceof Readable) return true;
  if (incoming.headers['transfer-encoding'] !== undefined) return true;
  const received = exchange.body?.bytesReceived ?? 0;
  return Number(incoming.headers['content-length'] ?? 0) - received > unreadBytesKept;
}

/** Ends the answer; while the client still sends, only after its body has been read and dropped. */
async function end(exchange: Exchange, body: Buffer | null): Promise<void> {
  const { incoming, outgoing } = exchange;
  if (incoming.complete) {
    outgoing.end(body ?? undefined);
    return;
  }
  // The answer is complete on the wire before the wait, so that the client can act on it.
  if (body) outgoing.write(body);
  else outgoing.flushHeaders();
  const isDrained = await drainRequest(incoming);
  outgoing.end();
  if (!isDrained) incoming.socket.destroySoon();
}

/** Sends one answer. Fails when the body does; the connection is closed then. */
export async function sendResponse(
  exchange: Exchange,
  response: S3Response,
  identity: ResponseIdentity,
): Promise<void> {
  try {
    await send(exchange, response, identity);
  } catch (error) {
    // A body that nobody took would hold its storage connection for good.
    if (response.body instanceof Readable) response.body.destroy();
    throw error;
  }
}

async function send(
  exchange: Exchange,
  response: S3Response,
  identity: ResponseIdentity,
): Promise<void> {
  const { incoming, outgoing } = exchange;
  const head = headOf(exchange, response, identity);
  const { body, status } = response;
  // Node destroys the socket then; it sets its own timeout again after the answer.
  incoming.socket.setTimeout(responseIdleTimeoutMs);
  const isBodiless = incoming.method === 'HEAD' || status === 204 || status === 304;
  if (body instanceof Readable && !isBodiless) {
    exchange.writeHead(status, head);
    giveBackWritten(outgoing);
    await pipeline(body, outgoing);
    return;
  }
  if (body instanceof Readable) body.destroy();
  const content = isBodiless || body instanceof Readable ? null : contentOf(body);
  if (content) head['content-type'] ??= 'application/xml';
  if (!isBodiless) head['content-length'] = content?.length ?? 0;
  exchange.writeHead(status, head);
  await end(exchange, content);
}

/** Lets the memory of a download be used again as soon as its bytes are with the kernel. */
function giveBackWritten(outgoing: ServerResponse): void {
  const write = outgoing.write.bind(outgoing);
  // A stream that pipes into a response calls it with a chunk alone.
  outgoing.write = (chunk: Buffer) =>
    write(chunk, (error) => {
      // After an error, what of it is still in use is not known.
      if (!error) downloadBuffers.giveBack(chunk);
    });
}

function contentOf(body: string | Buffer | undefined): Buffer | null {
  if (body === undefined) return null;
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** Answers with the error's document; closes the connection when an answer has begun already. */
export async function sendError(
  exchange: Exchange,
  error: GatewayError,
  identity: ResponseIdentity,
): Promise<void> {
  const { outgoing } = exchange;
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  const document = renderError(error, {
    resource: exchange.path,
    requestId: exchange.id,
    hostId: identity.hostId,
  });
  const headers = { ...errorHeaders(error), 'content-type': 'application/xml' };
  const status = errorEntry(error.code).httpStatus;
  if (error.code !== 'RequestTimeout' && !hasEndedEarly(exchange.incoming)) {
    await sendResponse(exchange, { status, headers, body: document }, identity);
    return;
  }
  // The client sends no more: waiting for the rest of its body would only wait again.
  exchange.closeConnection();
  exchange.writeHead(status, {
    ...headOf(exchange, { status, headers }, identity),
    'content-length': Buffer.byteLength(document),
    connection: 'close',
  });
  outgoing.end(document);
}
