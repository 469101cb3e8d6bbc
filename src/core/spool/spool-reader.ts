import { Readable } from 'node:stream';

/** Bytes of one read, and of content between its source and the file. */
export const spoolChunkBytes = 64 * 1024;

/** The content that a reader follows. */
export interface FollowedContent {
  /** Bytes that can be read now. */
  size(): number;
  isComplete(): boolean;
  failure(): Error | null;
  /** Exactly that many of the bytes that can be read now. */
  read(position: number, size: number): Promise<Buffer>;
  /** Calls once, when one of the answers above has changed; gives what takes it back. */
  onProgress(listener: () => void): () => void;
  close(): void;
}

/** Reads spooled content, also while it grows. */
export class SpoolReader extends Readable {
  readonly #content: FollowedContent;
  readonly #end: number;
  #position: number;
  #isReading = false;
  #stopWaiting: (() => void) | null = null;

  /** From `start` to before `end`. */
  constructor(content: FollowedContent, start: number, end: number) {
    super({ highWaterMark: spoolChunkBytes });
    this.#content = content;
    this.#position = start;
    this.#end = end;
  }

  override _read(): void {
    if (this.#isReading || this.#stopWaiting) return;
    const available = Math.min(this.#end, this.#content.size()) - this.#position;
    const failure = this.#content.failure();
    if (available > 0) this.#readSome(Math.min(available, spoolChunkBytes));
    else if (this.#position >= this.#end || this.#content.isComplete()) this.push(null);
    else if (failure) this.destroy(failure);
    else this.#wait();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stopWaiting?.();
    // A read that is under way needs the file until it ends.
    if (!this.#isReading) this.#content.close();
    callback(error);
  }

  #wait(): void {
    this.#stopWaiting = this.#content.onProgress(() => {
      this.#stopWaiting = null;
      this._read();
    });
  }

  #readSome(size: number): void {
    this.#isReading = true;
    this.#content.read(this.#position, size).then(
      (bytes) => {
        this.#isReading = false;
        if (this.destroyed) {
          this.#content.close();
          return;
        }
        this.#position += size;
        this.push(bytes);
      },
      (error) => {
        this.#isReading = false;
        if (this.destroyed) this.#content.close();
        else this.destroy(error);
      },
    );
  }
}
