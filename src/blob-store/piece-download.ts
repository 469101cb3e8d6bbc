import type { DownloadControl, DownloadSink } from '../fastdfs/client/exchanges.ts';
import { ProtocolError } from '../fastdfs/protocol/errors.ts';
import type { FileIdParts } from '../fastdfs/protocol/file-id.ts';
import { BlobStoreError, type FilePiece } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { isFastdfsFailure } from './fastdfs-errors.ts';
import { readFileId } from './read-file-id.ts';
import { ReadTargets } from './read-targets.ts';
import { ReaderPause } from './reader-pause.ts';

/** Takes bytes of a piece; false asks for a pause until `PieceDownload.resume`. */
export type PieceReader = (chunk: Buffer) => boolean;

/** Times that a download may break off and go on elsewhere, when each try brought some bytes. */
const RESUMES_MAX = 32;

/** Downloads one piece, from as many storage servers as it takes. Files never change. */
export class PieceDownload implements DownloadSink {
  readonly isTransfer = true;
  readonly piece: FilePiece;
  readonly #cluster: Cluster;
  readonly #signal: AbortSignal;
  readonly #onStart: () => void;
  /** Null until the piece has its turn; what comes before that is held. */
  #reader: PieceReader | null = null;
  readonly #held: Buffer[] = [];
  readonly #pause: ReaderPause;
  #received = 0;
  #control: DownloadControl | null = null;
  #cancelled: { readonly reason: unknown } | null = null;

  /** `onStart` is called when a storage server has said that the bytes will come. */
  constructor(cluster: Cluster, piece: FilePiece, signal: AbortSignal, onStart: () => void) {
    this.#cluster = cluster;
    this.piece = piece;
    this.#signal = signal;
    this.#onStart = onStart;
    this.#pause = new ReaderPause(cluster.readerPauseMs, () =>
      this.#control?.cancel(new Error('the reader pauses')),
    );
  }

  get bytesLeft(): number {
    return this.piece.size - this.#received;
  }

  /**
   * Resolves when all bytes have been received. Rejects with `BlobStoreError` when no storage
   * server could give them, or with the reason of the signal or of the cancellation.
   */
  async run(): Promise<void> {
    const { file, source, size } = readFileId(this.piece.fileId);
    requireInside(this.piece, size);
    for (let resumes = 0; resumes <= RESUMES_MAX; ) {
      const receivedBefore = this.#received;
      const targets = new ReadTargets(this.#cluster, file, source, this.#signal);
      if (await this.#tryInTurn(targets, file)) return;
      if (this.#pause.isLong) {
        await this.#pause.over(this.#signal);
        this.#throwIfCancelled();
        continue;
      }
      resumes += 1;
      // Where bytes came from before, more may come from; otherwise all have been tried in vain.
      if (this.#received === receivedBefore) throw targets.verdict();
    }
    throw new BlobStoreError('unavailable', `${this.piece.fileId} broke off ${RESUMES_MAX} times`);
  }

  /** Gives the piece its turn: hands over what is held, and lets the rest come. */
  deliverTo(reader: PieceReader): void {
    this.#reader = reader;
    let takesMore = true;
    for (const chunk of this.#held.splice(0)) takesMore = reader(chunk);
    if (takesMore) this.resume();
  }

  resume(): void {
    if (this.#reader === null) return;
    this.#pause.end();
    this.#control?.resume();
  }

  cancel(reason: unknown): void {
    this.#cancelled = { reason };
    this.#pause.end();
    this.#control?.cancel(reason);
  }

  attach(control: DownloadControl): void {
    this.#control = control;
    // Cancelled while it waited for a connection.
    if (this.#cancelled !== null) control.cancel(this.#cancelled.reason);
  }

  start(bodyLength: number): void {
    if (bodyLength !== this.bytesLeft) {
      throw new ProtocolError(`${this.bytesLeft} bytes wanted, ${bodyLength} announced`);
    }
    this.#onStart();
  }

  data(chunk: Buffer): boolean {
    this.#received += chunk.length;
    if (this.#reader === null) this.#held.push(chunk);
    else if (this.#reader(chunk)) return true;
    if (this.bytesLeft > 0) this.#pause.start();
    return false;
  }

  end(): void {
    this.#control = null;
  }

  #throwIfCancelled(): void {
    if (this.#cancelled !== null) throw this.#cancelled.reason;
  }

  /** False when no target is left, or when one broke off after it had given some bytes. */
  async #tryInTurn(targets: ReadTargets, file: FileIdParts): Promise<boolean> {
    const receivedBefore = this.#received;
    for (let target = await targets.next(); target !== null; target = await targets.next()) {
      this.#throwIfCancelled();
      const range = { offset: this.piece.offset + this.#received, size: this.bytesLeft };
      const request = { ...file, ...range };
      this.#cluster.health.attempt(target, 'read');
      try {
        await this.#cluster.storage.downloadInto(target, request, this, this.#signal);
        this.#cluster.health.works(target, 'read');
        return true;
      } catch (error) {
        this.#control = null;
        this.#throwIfCancelled();
        if (this.#pause.isLong) return false;
        if (!isFastdfsFailure(error)) throw error;
        targets.failed(target, error);
        if (this.#received > receivedBefore) return false;
      }
    }
    return false;
  }
}

/** A range beyond the end costs the connection, and old storage servers never answer it. */
function requireInside({ fileId, offset, size }: FilePiece, fileSize: number | null): void {
  const isRange = Number.isSafeInteger(offset) && offset >= 0 && size > 0;
  if (isRange && (fileSize === null || offset + size <= fileSize)) return;
  throw new BlobStoreError('corrupt', `${size} bytes at ${offset} are not inside of ${fileId}`);
}
