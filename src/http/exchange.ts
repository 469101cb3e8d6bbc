import { randomFillSync } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../core/services.ts';
import type { BodyStream } from './body-stream.ts';
import type { ObservedRequest } from './request-observer.ts';
import type { ClientOrigin } from './trusted-proxies.ts';

/** What node-server hands to the Hono app, and what the listener adds. */
export interface HttpBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Request target as received; `incoming.url` when the listener did not replace that. */
  readonly target?: string;
  /** The client waits for `100 Continue` before it sends the body. */
  readonly awaitsContinue?: boolean;
  /** True while the listener closes: answers end their connection. */
  readonly isClosing?: () => boolean;
}

const idSizeBytes = 8;
const idPool = Buffer.alloc(idSizeBytes * 256);
let idPoolOffset = idPool.length;

/** 16 hex digits; random, so that ids of several gateways and restarts differ. */
export function newRequestId(): string {
  if (idPoolOffset === idPool.length) {
    randomFillSync(idPool);
    idPoolOffset = 0;
  }
  idPoolOffset += idSizeBytes;
  return idPool.toString('hex', idPoolOffset - idSizeBytes, idPoolOffset).toUpperCase();
}

/** Connections on which an answer said `Connection: close`: what still comes is not served. */
const closingConnections = new WeakSet<object>();

export function isConnectionClosing(incoming: IncomingMessage): boolean {
  return closingConnections.has(incoming.socket);
}

/** One request and its answer, and what the log tells of them as it becomes known. */
export class Exchange implements ObservedRequest {
  readonly id = newRequestId();
  readonly startedAtMs = performance.now();
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly target: string;
  readonly isClosing: () => boolean;
  readonly origin: ClientOrigin;
  operationName: string | null = null;
  bucketName: string | null = null;
  key: string | null = null;
  caller: Caller | null = null;
  errorCode: string | null = null;
  /** Asks only whether the gateway is well: no line in the log. */
  isProbe = false;
  /** The request's body, once somebody reads it. */
  body: BodyStream | null = null;
  /** What the answer, whatever it is, says to pages of other origins. */
  corsHeaders: Readonly<Record<string, string>> = {};
  firstByteMs: number | null = null;
  readonly #socketBytesWrittenBefore: number;
  readonly #abort = new AbortController();
  #awaitsContinue: boolean;

  constructor(bindings: HttpBindings, origin: ClientOrigin) {
    this.origin = origin;
    this.incoming = bindings.incoming;
    this.outgoing = bindings.outgoing;
    this.target = bindings.target ?? bindings.incoming.url ?? '';
    this.isClosing = bindings.isClosing ?? (() => false);
    this.#awaitsContinue = bindings.awaitsContinue ?? false;
    this.#socketBytesWrittenBefore = bindings.incoming.socket.bytesWritten;
    this.outgoing.once('close', () => {
      if (!this.outgoing.writableFinished) this.#abort.abort(new Error('The client is gone.'));
    });
  }

  /** Aborted when the client is gone. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Path as received, without the query, which may hold a signature. */
  get path(): string {
    return this.target.split('?', 1)[0] ?? '';
  }

  get httpStatus(): number | null {
    return this.outgoing.headersSent ? this.outgoing.statusCode : null;
  }

  get bytesIn(): number {
    return this.body?.bytesReceived ?? 0;
  }

  /** Until now. */
  get durationMs(): number {
    return performance.now() - this.startedAtMs;
  }

  /** On the wire, head included. */
  get bytesOut(): number {
    return this.incoming.socket.bytesWritten - this.#socketBytesWrittenBefore;
  }

  /** The client still holds its body back. */
  get awaitsContinue(): boolean {
    return this.#awaitsContinue;
  }

  /** Begins the answer. */
  writeHead(status: number, head: Readonly<Record<string, string | number>>): void {
    this.firstByteMs = this.durationMs;
    this.outgoing.writeHead(status, head);
  }

  /** Takes this for the last answer of its connection. */
  closeConnection(): void {
    closingConnections.add(this.incoming.socket);
  }

  /** Counts the body that somebody reads now, and lets a client send it that waits for it. */
  readBody(stream: BodyStream): void {
    this.body = stream;
    if (!this.#awaitsContinue) return;
    this.#awaitsContinue = false;
    this.outgoing.writeContinue();
  }
}
