import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayError } from '../core/errors.ts';
import { endEarly } from './body-stream.ts';

export interface ClientErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly body: string;
}

/** Tells of a request that never became one. */
export type RenderClientError = (error: GatewayError) => ClientErrorAnswer;

/** What Node's HTTP parser says, in the gateway's codes; the rest is a malformed request. */
function toGatewayError(code: string | undefined): GatewayError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new GatewayError('RequestHeaderSectionTooLarge');
    case 'HPE_INVALID_METHOD':
      return new GatewayError('MethodNotAllowed');
    case 'HPE_INVALID_URL':
      return new GatewayError('InvalidURI');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new GatewayError('RequestTimeout');
    default:
      return new GatewayError('InvalidRequest', { message: 'The request is not valid HTTP/1.1.' });
  }
}

/** How long a refused client may go on sending until its connection is cut. */
const lingerMs = 2000;
const answered = new WeakSet<Duplex>();

/**
 * Answers bytes that are no HTTP request. They reach no operation; the connection is closed, since
 * nobody knows where the next request would begin.
 */
export function answerClientError(
  cause: Error & { readonly code?: string; readonly bytesParsed?: number },
  socket: Duplex & { readonly bytesWritten?: number; _httpMessage?: ServerResponse },
  render: RenderClientError,
): void {
  // Whatever follows on a refused connection is as malformed as before.
  if (answered.has(socket)) return;
  answered.add(socket);
  if (cause.code === 'HPE_INVALID_EOF_STATE' && endBodyEarly(socket._httpMessage)) return;
  // In the middle of an answer, or without a peer, there is nothing to be said.
  if (!socket.writable || socket._httpMessage || cause.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }

  const { status, headers, body } = render(toGatewayError(cause.code));
  const fields = Object.entries(headers)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fields.join('')}` +
      `Date: ${new Date().toUTCString()}\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  // Closing at once would reset the connection under a client that has not read the answer yet.
  const cutOff = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(cutOff));
  socket.resume();
}

/**
 * The client closed its side in the middle of a body, and may still read: the request that is
 * under way gets to answer. False when there is none, or it has begun to answer.
 */
function endBodyEarly(outgoing: ServerResponse | undefined): boolean {
  if (!outgoing || outgoing.headersSent) return false;
  endEarly(outgoing.req);
  return true;
}
