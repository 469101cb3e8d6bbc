import {
  type ClientRequest,
  type Agent as HttpAgent,
  type IncomingMessage,
  request,
} from 'node:http';
import { request as secureRequest } from 'node:https';
import { OutboundError } from './outbound-error.ts';
import type { Hop } from './redirect.ts';

/** Limits of one exchange, in milliseconds. */
export interface ExchangeTimeouts {
  /** TCP and TLS together. */
  readonly connectTimeoutMs: number;
  /** Until the head of the answer has come. */
  readonly timeoutMs: number;
  /** Of silence while its body is wanted. */
  readonly idleTimeoutMs: number;
}

/**
 * Sends one request and resolves with the head of its answer; the body follows as it is read, and
 * fails with `OutboundError` when its sender falls silent. Throws `OutboundError`, or the signal's
 * reason.
 */
export async function exchange(
  hop: Hop,
  agent: HttpAgent,
  timeouts: ExchangeTimeouts,
  signal: AbortSignal | undefined,
): Promise<IncomingMessage> {
  signal?.throwIfAborted();
  const { method, url, body } = hop;
  const headers = body === null ? hop.headers : { ...hop.headers, 'content-length': body.length };
  const send = url.protocol === 'https:' ? secureRequest : request;
  let sent: ClientRequest;
  try {
    sent = send(url, { method, headers, agent });
  } catch (cause) {
    throw new OutboundError('invalid-url', (cause as Error).message, { cause });
  }
  const onAbort = () => sent.destroy(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  const stop = () => signal?.removeEventListener('abort', onAbort);
  sent.once('close', stop);
  limitConnecting(sent, url, timeouts.connectTimeoutMs);
  const timer = setTimeout(
    () => sent.destroy(tooSlow(`${url.host} sent no answer`, timeouts.timeoutMs)),
    timeouts.timeoutMs,
  );
  try {
    const response = await answered(sent, body);
    limitSilence(response, url, timeouts.idleTimeoutMs);
    return response;
  } catch (error) {
    signal?.throwIfAborted();
    const { code } = error as NodeJS.ErrnoException;
    const isStale = sent.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
    throw isStale ? new StaleConnectionError(url, error) : outboundError(error, url);
  } finally {
    clearTimeout(timer);
  }
}

function answered(sent: ClientRequest, body: Buffer | null): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve);
    // Errors after the answer came are those of its body, which has them too.
    sent.on('error', reject);
    sent.end(body ?? undefined);
  });
}

function limitConnecting(sent: ClientRequest, url: URL, connectTimeoutMs: number): void {
  sent.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(
      () => sent.destroy(tooSlow(`${url.host} could not be connected to`, connectTimeoutMs)),
      connectTimeoutMs,
    );
    const stop = () => clearTimeout(timer);
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', stop);
    sent.once('close', stop);
  });
}

/** A socket is silent, too, when nobody takes what has come: that is not the sender's fault. */
function limitSilence(response: IncomingMessage, url: URL, idleTimeoutMs: number): void {
  const { socket } = response;
  const onTimeout = () => {
    if (response.complete) return;
    const isUnread = response.readableLength >= response.readableHighWaterMark;
    if (isUnread) socket.setTimeout(idleTimeoutMs);
    else
      response.destroy(tooSlow(`${url.host} stopped in the middle of its answer`, idleTimeoutMs));
  };
  socket.setTimeout(idleTimeoutMs);
  socket.on('timeout', onTimeout);
  response.once('close', () => {
    socket.setTimeout(0);
    socket.off('timeout', onTimeout);
  });
}

function tooSlow(what: string, timeoutMs: number): OutboundError {
  return new OutboundError('timeout', `${what} within ${timeoutMs} ms.`);
}

/** An idle connection was closed by its server just when it was to be used again. */
export class StaleConnectionError extends OutboundError {
  constructor(url: URL, cause: unknown) {
    super('unreachable', `${url.host} closed the connection.`, { cause });
  }
}

/** What went wrong on the way to a server, as an `OutboundError`. */
function outboundError(error: unknown, url: URL): OutboundError {
  if (error instanceof OutboundError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const why = code ?? message;
  return new OutboundError('unreachable', `${url.host} cannot be reached: ${why}.`, {
    cause: error,
  });
}
