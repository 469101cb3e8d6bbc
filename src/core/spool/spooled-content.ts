import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { IncomingContent } from '../incoming-content.ts';
import type { SpoolFile } from './spool-file.ts';
import { SpoolReader, spoolChunkBytes } from './spool-reader.ts';
import type { SpoolShare } from './spool-share.ts';

const memoryBytesMin = 4 * 1024;

type State = 'growing' | 'complete' | { readonly failure: Error };

/**
 * Content of one writer, for any number of readers, also while it grows. The bytes go when its owner
 * has released it and its last reader has closed.
 */
export class SpooledContent {
  readonly #share: SpoolShare;
  readonly #memoryBytesMax: number;
  /** All of the content; null once it is in the file. Written bytes are never written again. */
  #memory: Buffer | null = Buffer.alloc(0);
  #file: SpoolFile | null = null;
  #size = 0;
  #state: State = 'growing';
  /** The owner and the readers. */
  #holders = 1;
  #isReleased = false;
  #isWriting = false;
  #hasEnded = false;
  readonly #waiting = new Set<() => void>();

  constructor(share: SpoolShare, memoryBytesMax: number) {
    this.#share = share;
    this.#memoryBytesMax = memoryBytesMax;
  }

  /** Bytes until now; all of them once it is complete. */
  get size(): number {
    return this.#size;
  }

  get isComplete(): boolean {
    return this.#state === 'complete';
  }

  /** Whether the content is in a file. */
  get isInFile(): boolean {
    return this.#file !== null;
  }

  /** Why it will never be complete; null when that is not known. */
  get failure(): Error | null {
    return typeof this.#state === 'string' ? null : this.#state.failure;
  }

  /**
   * Adds bytes, which the caller may overwrite once it resolves; one call at a time. Rejects with
   * `ServiceUnavailable` when the spool is full, `InsufficientStorage` when its disk is; the content
   * has failed then, as it has when it was released meanwhile.
   */
  async write(bytes: Buffer): Promise<void> {
    if (this.#isWriting || this.#state === 'complete') throw new Error('Nobody may write now.');
    if (this.failure) throw this.failure;
    this.#isWriting = true;
    try {
      this.#share.take(bytes.length);
      try {
        await this.#add(bytes);
      } catch (error) {
        this.#share.giveBack(bytes.length);
        throw error;
      }
      this.#size += bytes.length;
    } catch (error) {
      this.fail(this.#share.failedWrite(error));
    } finally {
      this.#isWriting = false;
    }
    if (this.failure) {
      this.#dropWhenUnused();
      throw this.failure;
    }
    this.#wakeReaders();
  }

  /** Nothing more will come. */
  end(): void {
    if (this.#isWriting) throw new Error('The last write has not ended.');
    if (this.#state !== 'growing') return;
    this.#state = 'complete';
    this.#wakeReaders();
  }

  /** Nothing more will come, and what came is not all: readers get the error, at the latest there. */
  fail(error: Error): void {
    if (this.#state !== 'growing') return;
    this.#state = { failure: error };
    this.#wakeReaders();
  }

  /** Writes all of `source`. Rejects, and has failed, with what goes wrong on either side. */
  async fill(source: Readable, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const sink = new Writable({
      highWaterMark: spoolChunkBytes,
      write: (chunk: Buffer, _encoding, callback) => {
        this.write(chunk).then(() => callback(), callback);
      },
    });
    try {
      await pipeline(source, sink, options);
    } catch (error) {
      this.fail(error as Error);
      throw error;
    }
    this.end();
  }

  /**
   * The bytes from `start` to before `end`, or to the content's end where that comes first. Waits for
   * those that are still to come; fails with the writer's error when they never will.
   */
  open({ start = 0, end = Number.POSITIVE_INFINITY } = {}): Readable {
    if (this.#holders === 0) throw new Error('The content was released.');
    this.#holders += 1;
    return new SpoolReader(this.#source, start, end);
  }

  /** As core stores it; may be opened again for another try. Only once it is complete. */
  toContent(): IncomingContent {
    if (!this.isComplete) throw new Error('The content is not complete.');
    return {
      size: this.#size,
      checksumAlgorithm: null,
      declaresSha256: false,
      open: () => this.open(),
      declared: () => ({}),
    };
  }

  /** The owner needs it no more; content that still grows fails. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.fail(new Error('The content was released before it was complete.'));
    this.#letGo();
  }

  readonly #source = {
    size: () => this.#size,
    isComplete: () => this.isComplete,
    failure: () => this.failure,
    read: (position: number, size: number) => this.#read(position, size),
    onProgress: (listener: () => void) => {
      this.#waiting.add(listener);
      return () => this.#waiting.delete(listener);
    },
    close: () => this.#letGo(),
  };

  async #add(bytes: Buffer): Promise<void> {
    const size = this.#size + bytes.length;
    if (this.#memory && size <= this.#memoryBytesMax && this.#growMemory(this.#memory, size)) {
      bytes.copy(this.#memory, this.#size);
      return;
    }
    const file = this.#file ?? (await this.#moveToFile());
    await file.write(bytes, this.#size);
  }

  /** False when there is no memory for that many bytes. */
  #growMemory(memory: Buffer, size: number): boolean {
    if (size <= memory.length) return true;
    const capacity = Math.min(
      Math.max(size, memory.length * 2, memoryBytesMin),
      Math.max(size, this.#memoryBytesMax),
    );
    if (!this.#share.takeMemory(capacity - memory.length)) return false;
    const larger = Buffer.allocUnsafeSlow(capacity);
    memory.copy(larger, 0, 0, this.#size);
    this.#memory = larger;
    return true;
  }

  async #moveToFile(): Promise<SpoolFile> {
    const file = await this.#share.createFile();
    try {
      if (this.#memory) await file.write(this.#memory.subarray(0, this.#size), 0);
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#file = file;
    this.#dropMemory();
    return file;
  }

  async #read(position: number, size: number): Promise<Buffer> {
    if (this.#memory) return this.#memory.subarray(position, position + size);
    if (!this.#file) throw new Error('The content was released.');
    try {
      return await this.#file.read(position, size);
    } catch (error) {
      throw this.#share.failedWrite(error);
    }
  }

  #wakeReaders(): void {
    const listeners = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of listeners) listener();
  }

  #letGo(): void {
    this.#holders -= 1;
    this.#dropWhenUnused();
  }

  /** Not while a write is under way: its end comes here again. */
  #dropWhenUnused(): void {
    if (this.#holders > 0 || this.#isWriting || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#dropMemory();
    // A handle that cannot be closed is closed already.
    this.#file?.close().catch(() => {});
    this.#file = null;
    this.#share.giveBack(this.#size);
  }

  #dropMemory(): void {
    if (this.#memory) this.#share.giveBackMemory(this.#memory.length);
    this.#memory = null;
  }
}
