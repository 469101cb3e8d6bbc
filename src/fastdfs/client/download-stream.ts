import { Readable } from 'node:stream';
import type { DownloadControl, DownloadSink } from './exchanges.ts';

/** Bytes that wait in the process for a slow reader before the socket is paused. */
const DOWNLOAD_BUFFER_SIZE = 1024 * 1024;

/** A download as a stream. Destroying it before its end closes the connection. */
export class DownloadStream extends Readable implements DownloadSink {
  readonly isTransfer = true;
  readonly #onStart: (stream: DownloadStream) => void;
  #control: DownloadControl | null = null;

  /** `onStart` is called when the server has said that the bytes will come. */
  constructor(onStart: (stream: DownloadStream) => void) {
    super({ highWaterMark: DOWNLOAD_BUFFER_SIZE });
    this.#onStart = onStart;
  }

  attach(control: DownloadControl): void {
    this.#control = control;
  }

  start(): void {
    this.#onStart(this);
  }

  data(chunk: Buffer): boolean {
    return this.push(chunk);
  }

  end(): void {
    this.#control = null;
    this.push(null);
  }

  override _read(): void {
    this.#control?.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#control?.cancel(error ?? new Error('the download was given up by its reader'));
    this.#control = null;
    callback(error);
  }
}
