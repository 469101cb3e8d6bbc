import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { GatewayError } from '../core/errors.ts';
import { BodyPace, type BodyPaceLimits } from './body-pace.ts';
import { type ContentDecoder, incompleteBody } from './content-decoder.ts';
import { PieceGatherer } from './piece-gatherer.ts';

/** Content on its way from the decoder to whoever stores it, per request. */
const bufferedBytesMax = 256 * 1024;

const endedEarly = new WeakSet<IncomingMessage>();
const endedEarlyEvent = 'bodyEndedEarly';

/** Tells that no more of the body will come, although the connection still takes an answer. */
export function endEarly(incoming: IncomingMessage): void {
  endedEarly.add(incoming);
  incoming.emit(endedEarlyEvent);
}

export function hasEndedEarly(incoming: IncomingMessage): boolean {
  return endedEarly.has(incoming);
}

export interface BodyStreamOptions {
  readonly pace: BodyPaceLimits;
  /** Called once, when the body is wanted: sends `100 Continue`. */
  readonly onOpen: () => void;
}

/**
 * The decoded body of a request, with backpressure down to the client's socket. Fails with
 * `IncompleteBody` when the client is gone, `RequestTimeout` when it stalls or trickles, and what
 * the decoder throws. The request itself is left usable, so that the error can still be answered.
 */
export class BodyStream extends Readable {
  readonly #incoming: IncomingMessage;
  readonly #decoder: ContentDecoder;
  readonly #options: BodyStreamOptions;
  readonly #pace: BodyPace;
  readonly #gatherer = new PieceGatherer((piece) => {
    if (!this.push(piece)) this.#isFull = true;
  });
  #isOpen = false;
  #isFull = false;
  #bytesReceived = 0;

  constructor(incoming: IncomingMessage, decoder: ContentDecoder, options: BodyStreamOptions) {
    super({ highWaterMark: bufferedBytesMax });
    this.#incoming = incoming;
    this.#decoder = decoder;
    this.#options = options;
    this.#pace = new BodyPace(options.pace, () => this.destroy(new GatewayError('RequestTimeout')));
  }

  /** With framing, as they came. */
  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  override _read(): void {
    this.#isFull = false;
    if (!this.#isOpen) this.#open();
    else if (this.#incoming.isPaused()) {
      this.#pace.resume();
      this.#incoming.resume();
    }
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#pace.stop();
    if (this.#isOpen) {
      this.#incoming.off('data', this.#onData).off('end', this.#onEnd);
      this.#incoming.off('error', this.#onGone).off('close', this.#onGone);
      this.#incoming.off(endedEarlyEvent, this.#onGone);
      this.#incoming.pause();
    }
    callback(error);
  }

  #open(): void {
    this.#isOpen = true;
    const isGone = this.#incoming.destroyed || hasEndedEarly(this.#incoming);
    if (isGone && !this.#incoming.readableEnded) {
      this.#onGone();
      return;
    }
    this.#pace.start();
    this.#incoming.on('data', this.#onData).on('end', this.#onEnd);
    this.#incoming.on('error', this.#onGone).on('close', this.#onGone);
    this.#incoming.on(endedEarlyEvent, this.#onGone);
    this.#options.onOpen();
    this.#incoming.resume();
  }

  #onData = (bytes: Buffer): void => {
    this.#bytesReceived += bytes.length;
    if (!this.#pace.received(bytes.length)) return;
    try {
      this.#decoder.write(bytes, this.#emitContent);
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    if (!this.#isFull) return;
    this.#pace.pause();
    this.#incoming.pause();
  };

  #emitContent = (content: Buffer): void => this.#gatherer.add(content);

  #onEnd = (): void => {
    try {
      this.#decoder.end();
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    this.#gatherer.flush();
    this.push(null);
  };

  #onGone = (): void => {
    if (this.#incoming.readableEnded) return;
    this.destroy(incompleteBody('The connection was closed before the end of the request body.'));
  };
}
