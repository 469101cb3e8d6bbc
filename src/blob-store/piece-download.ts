import type { DownloadControl, DownloadSink } from '../fastdfs/client/exchanges.ts';
import { renderAddress, type ServerAddress } from '../fastdfs/client/server-address.ts';
import { downloadFile } from '../fastdfs/protocol/commands/download-file.ts';
import { BlobStoreError, type FilePiece } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { WrongSizeError } from './damaged-copies.ts';
import { isFastdfsFailure } from './fastdfs-errors.ts';
import { type FileIdFacts, readFileId, requireInside } from './read-file-id.ts';
import { ReadTargets } from './read-targets.ts';
import { ReaderPause } from './reader-pause.ts';
import { WholeFileCheck } from './whole-file-check.ts';

/** Takes bytes of a piece; false asks for a pause until `PieceDownload.resume`. */
export type PieceReader = (chunk: Buffer) => boolean;

/** Times that a download may break off and go on elsewhere, when each try brought some bytes. */
const RESUMES_MAX = 32;
/** Times that a file is read in vain because its bytes are not those of its name. */
const WRONG_READS_MAX = 4;
/** A larger file of which wrong bytes may have been handed on is not read anew: it breaks off. */
const REREAD_SIZE_MAX = 256 * 1024 * 1024;

/**
 * How an attempt ended: with all bytes, with wrong ones, because the reader pauses, after some
 * bytes, or in vain at every server.
 */
type Outcome = 'complete' | 'wrong' | 'paused' | 'broken-off' | 'in-vain';

/**
 * Downloads one piece, from as many storage servers as it takes. Files never change. A whole file
 * is compared with the CRC-32 in its name before its last bytes are handed on; wrong ones come
 * from another server, as long as none of them were handed on. Ranges, and files whose names tell
 * no CRC-32 (appender and slave files), are taken as they come.
 */
export class PieceDownload implements DownloadSink {
  readonly isTransfer = true;
  readonly piece: FilePiece;
  readonly #cluster: Cluster;
  readonly #facts: FileIdFacts;
  readonly #signal: AbortSignal;
  readonly #onBytes: (() => void) | null;
  /** Null until the piece has its turn; what comes before that is held. */
  #reader: PieceReader | null = null;
  readonly #held: Buffer[] = [];
  readonly #pause: ReaderPause;
  readonly #check: WholeFileCheck | null;
  #received = 0;
  /** Bytes that the reader has, or that are held for it. */
  #handedOn = 0;
  #wrongReads = 0;
  #isWrong = false;
  #server: ServerAddress | null = null;
  #failure: { readonly server: string; readonly error: Error } | null = null;
  #control: DownloadControl | null = null;
  #cancelled: { readonly reason: unknown } | null = null;

  /**
   * `onBytes` is called for bytes that are handed on or held; without it all are held, for
   * `takeHeld`. Throws `BlobStoreError` for a piece that no file has.
   */
  constructor(
    cluster: Cluster,
    piece: FilePiece,
    signal: AbortSignal,
    onBytes: (() => void) | null,
  ) {
    this.#cluster = cluster;
    this.piece = piece;
    this.#facts = readFileId(piece.fileId);
    requireInside(this.#facts, piece);
    const { crc32, size } = this.#facts;
    const isChecked = crc32 !== null && piece.size === size;
    this.#check = isChecked ? new WholeFileCheck(piece.size, crc32) : null;
    this.#signal = signal;
    this.#onBytes = onBytes;
    this.#pause = new ReaderPause(cluster.readerPauseMs, () =>
      this.#control?.cancel(new Error('the reader pauses')),
    );
  }

  get bytesLeft(): number {
    return this.piece.size - this.#received;
  }

  /**
   * Resolves when all bytes have been received. Rejects with `BlobStoreError` when no storage
   * server could give them, or with the reason of the signal or of the cancellation. May be called
   * again after that: it goes on where it was.
   */
  async run(): Promise<void> {
    for (let resumes = 0; resumes <= RESUMES_MAX; ) {
      const targets = new ReadTargets(
        this.#cluster,
        this.#facts,
        this.#check !== null,
        this.#signal,
      );
      const outcome = await this.#tryInTurn(targets);
      if (outcome === 'complete') return;
      if (outcome === 'in-vain') throw targets.verdict();
      if (outcome === 'wrong') this.#startOver();
      if (outcome === 'broken-off') resumes += 1;
      if (outcome === 'paused') await this.#pause.over(this.#signal);
      this.#throwIfCancelled();
    }
    throw new BlobStoreError('unavailable', `${this.piece.fileId} broke off ${RESUMES_MAX} times`);
  }

  /** Gives the piece its turn: hands over what is held, and lets the rest come. */
  deliverTo(reader: PieceReader): void {
    this.#reader = reader;
    let takesMore = true;
    for (const chunk of this.takeHeld()) takesMore = reader(chunk);
    if (takesMore) this.resume();
  }

  takeHeld(): Buffer[] {
    return this.#held.splice(0);
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
    const server = this.#server;
    if (server === null) return;
    if (bodyLength !== this.bytesLeft) {
      this.#control?.cancel(new WrongSizeError(server, this.bytesLeft, bodyLength));
      return;
    }
    this.#cluster.health.works(server, 'read');
  }

  data(chunk: Buffer): boolean {
    const before = this.#received;
    this.#received += chunk.length;
    const verdict = this.#server ? this.#check?.take(chunk, this.#server) : undefined;
    if (verdict === undefined || verdict === 'right') {
      const isNew = before >= this.#handedOn;
      return this.#handOn(isNew ? chunk : chunk.subarray(this.#handedOn - before));
    }
    this.#isWrong = verdict === 'damaged';
    if (!this.#isWrong) this.cancel(this.#corrupt('differs from what was handed on before,'));
    return this.#isWrong;
  }

  end(): void {
    this.#control = null;
  }

  #handOn(chunk: Buffer): boolean {
    if (chunk.length === 0) return true;
    this.#handedOn = this.#received;
    this.#check?.handOn();
    this.#onBytes?.();
    if (this.#reader === null) {
      this.#held.push(chunk);
      if (this.#onBytes === null) return true;
    } else if (this.#reader(chunk)) {
      return true;
    }
    if (this.bytesLeft > 0) this.#pause.start();
    return false;
  }

  #throwIfCancelled(): void {
    if (this.#cancelled !== null) throw this.#cancelled.reason;
  }

  async #tryInTurn(targets: ReadTargets): Promise<Outcome> {
    const receivedBefore = this.#received;
    for (;;) {
      const target = targets.nextKnown() ?? (await targets.next());
      if (target === null) return 'in-vain';
      this.#throwIfCancelled();
      try {
        await this.#downloadFrom(target);
        return this.#isWrong ? 'wrong' : 'complete';
      } catch (error) {
        this.#control = null;
        const isServers = error instanceof WrongSizeError || isFastdfsFailure(error);
        if (!isServers) this.#cluster.health.failed(target, 'read', error);
        this.#throwIfCancelled();
        if (this.#pause.isLong) return 'paused';
        if (!isServers) throw error;
        this.#failure = { server: renderAddress(target), error };
        await targets.failed(target, error);
        if (this.#received > receivedBefore) return 'broken-off';
      }
    }
  }

  async #downloadFrom(server: ServerAddress): Promise<void> {
    if (this.#failure !== null) {
      this.#cluster.onEvent({ kind: 'failover', command: downloadFile.name, ...this.#failure });
      this.#failure = null;
    }
    this.#server = server;
    this.#cluster.health.attempt(server, 'read');
    const range = { offset: this.piece.offset + this.#received, size: this.bytesLeft };
    const request = { ...this.#facts.file, ...range };
    await this.#cluster.storage.downloadInto(server, request, this, this.#signal);
    const soundOne = this.#isWrong ? null : this.#check?.onlyGiver;
    if (soundOne) this.#cluster.damagedCopies.isSound(soundOne, this.piece.fileId);
  }

  /** Reports wrong bytes and prepares to read the file anew. Throws when there is no sense in it. */
  #startOver(): void {
    const givers = this.#check?.givers ?? [];
    this.#cluster.damagedCopies.report(givers, this.piece.fileId);
    const error = this.#corrupt('has not the CRC-32 of its name');
    this.#failure = { server: givers.map(renderAddress).join(' or '), error };
    if (this.#reader === null) {
      this.#held.length = 0;
      this.#handedOn = 0;
      this.#check?.takeBack();
    }
    this.#check?.startOver();
    this.#received = 0;
    this.#isWrong = false;
    this.#wrongReads += 1;
    const isTooLong = this.#handedOn > 0 && this.piece.size > REREAD_SIZE_MAX;
    if (this.#wrongReads >= WRONG_READS_MAX || isTooLong) throw error;
  }

  #corrupt(problem: string): BlobStoreError {
    const servers = this.#check?.givers.map(renderAddress).join(' and ') ?? '';
    return new BlobStoreError('corrupt', `${this.piece.fileId} ${problem} on ${servers}`);
  }
}
