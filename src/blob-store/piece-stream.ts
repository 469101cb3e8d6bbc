import { Readable } from 'node:stream';
import { BlobStoreError, type FilePiece } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { toBlobStoreError } from './fastdfs-errors.ts';
import { PieceDownload } from './piece-download.ts';

/** Bytes that wait in the process for a slow reader before the socket is paused. */
const BUFFER_SIZE = 1024 * 1024;
/** The next piece is opened when so many bytes of the present one are still to come. */
const PREFETCH_BYTES_LEFT = 2 * 1024 * 1024;

/** A piece that is asked for, perhaps before its turn, and how its download ends. */
interface OpenPiece {
  readonly download: PieceDownload;
  readonly isFirst: boolean;
  readonly done: Promise<void>;
}

/** Pieces of files as one stream of bytes, with the next piece opened while the present one ends. */
export class PieceStream extends Readable {
  readonly #cluster: Cluster;
  readonly #pieces: Iterator<FilePiece> | AsyncIterator<FilePiece>;
  readonly #signal: AbortSignal;
  #present: PieceDownload | null = null;
  #next: Promise<OpenPiece | null> | null = null;
  readonly #open = new Set<PieceDownload>();
  #onStart: (() => void) | null = null;

  private constructor(
    cluster: Cluster,
    pieces: Iterable<FilePiece> | AsyncIterable<FilePiece>,
    signal: AbortSignal,
  ) {
    super({ highWaterMark: BUFFER_SIZE });
    this.#cluster = cluster;
    this.#signal = signal;
    this.#pieces =
      Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  }

  /** Resolves when a storage server has said that the first piece's bytes will come. */
  static open(
    cluster: Cluster,
    pieces: Iterable<FilePiece> | AsyncIterable<FilePiece>,
    signal: AbortSignal,
  ): Promise<PieceStream> {
    return new Promise((resolve, reject) => {
      const stream = new PieceStream(cluster, pieces, signal);
      let isStarted = false;
      stream.#onStart = () => {
        isStarted = true;
        stream.#onStart = null;
        resolve(stream);
      };
      stream.#run().catch((cause: unknown) => {
        const error = toBlobStoreError(cause);
        reject(error);
        // Before its start nobody listens to the stream's own error.
        stream.destroy(isStarted ? asError(error) : undefined);
      });
    });
  }

  override _read(): void {
    this.#present?.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const reason = error ?? new Error('the reader gave the rest up');
    for (const download of this.#open) download.cancel(reason);
    // Frees what an unfinished sequence of pieces holds.
    void Promise.resolve(this.#pieces.return?.()).catch(() => {});
    callback(error);
  }

  async #run(): Promise<void> {
    const reader = (chunk: Buffer) => this.#take(chunk);
    for (let open = await this.#openNext(); open !== null; open = await this.#openNext()) {
      this.#next = null;
      this.#present = open.download;
      open.download.deliverTo(reader);
      await open.done.catch((error: unknown) => this.#tryAgain(open, error));
      if (this.destroyed) return;
    }
    this.#present = null;
    this.#onStart?.();
    this.push(null);
  }

  #take(chunk: Buffer): boolean {
    const takesMore = this.push(chunk);
    if (this.#next === null && (this.#present?.bytesLeft ?? 0) <= PREFETCH_BYTES_LEFT) {
      this.#openNext().catch(() => {
        // Comes up again when the piece gets its turn.
      });
    }
    return takesMore;
  }

  #openNext(): Promise<OpenPiece | null> {
    this.#next ??= this.#openPiece();
    return this.#next;
  }

  async #openPiece(): Promise<OpenPiece | null> {
    const step = await this.#pieces.next();
    if (step.done || this.destroyed) return null;
    const download = new PieceDownload(this.#cluster, step.value, this.#signal, () =>
      this.#onStart?.(),
    );
    const isFirst = this.#present === null;
    const done = this.#download(download);
    // The piece's turn may come after its failure.
    done.catch(() => {});
    return { download, isFirst, done };
  }

  /** What failed before its turn, for want of a connection perhaps, may do better now. */
  async #tryAgain({ download, isFirst }: OpenPiece, error: unknown): Promise<void> {
    const isUnavailable = error instanceof BlobStoreError && error.reason === 'unavailable';
    if (isFirst || !isUnavailable || this.destroyed) throw error;
    await this.#download(download);
  }

  async #download(download: PieceDownload): Promise<void> {
    this.#open.add(download);
    try {
      await download.run();
    } finally {
      this.#open.delete(download);
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
