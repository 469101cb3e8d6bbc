import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { downloadBuffers } from '../support/reused-buffers.ts';
import { hasEndedEarly } from './body-stream.ts';
import { drainRequest } from './drain.ts';
import type { Exchange } from './exchange.ts';

/** An unread body of at most this many bytes is read and dropped and the connection kept. */
const unreadBytesKept = 256 * 1024;
/** A client that takes no byte of its answer for so long is gone. */
const responseIdleTimeoutMs = 120_000;

export interface HttpResponse {
  readonly status: number;
  /** By name; undefined values are left out; values are latin1 octets. */
  readonly headers?: Readonly<Record<string, string | number | undefined>>;
  /** A stream needs a content-length header, or comes in chunks. Dropped for HEAD. */
  readonly body?: string | Buffer | Readable;
}

/** What an answer tells of the request that it belongs to. */
export type RequestIdentity = Pick<Exchange, 'id' | 'path'>;

/** What the answers of one door have in common. */
export interface AnswerForm {
  /** On every answer; an answer's own ones stand above them. */
  headers(exchange: RequestIdentity): Readonly<Record<string, string>>;
  /** Of text without a type of its own. */
  readonly contentType: string;
}

function headOf(
  exchange: Exchange,
  response: HttpResponse,
  form: AnswerForm,
): Record<string, string | number> {
  const head: Record<string, string | number> = {
    ...form.headers(exchange),
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
function mustClose(exchange: Exchange, response: HttpResponse): boolean {
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
  response: HttpResponse,
  form: AnswerForm,
): Promise<void> {
  try {
    await send(exchange, response, form);
  } catch (error) {
    // A body that nobody took would hold its storage connection for good.
    if (response.body instanceof Readable) response.body.destroy();
    throw error;
  }
}

async function send(exchange: Exchange, response: HttpResponse, form: AnswerForm): Promise<void> {
  const { incoming, outgoing } = exchange;
  const head = headOf(exchange, response, form);
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
  if (content) head['content-type'] ??= form.contentType;
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

/**
 * Answers that a request failed; closes the connection when an answer has begun already, and when
 * the client sends no more, so that waiting for the rest of its body would be in vain.
 */
export async function sendFailure(
  exchange: Exchange,
  response: HttpResponse & { readonly body: string },
  form: AnswerForm,
  { hasTimedOut }: { readonly hasTimedOut: boolean },
): Promise<void> {
  const { outgoing } = exchange;
  if (outgoing.headersSent || outgoing.destroyed) {
    outgoing.destroy();
    return;
  }
  if (!hasTimedOut && !hasEndedEarly(exchange.incoming)) {
    await sendResponse(exchange, response, form);
    return;
  }
  exchange.closeConnection();
  exchange.writeHead(response.status, {
    'content-type': form.contentType,
    ...headOf(exchange, response, form),
    'content-length': Buffer.byteLength(response.body),
    connection: 'close',
  });
  outgoing.end(response.body);
}
