import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  type BlobStore,
  BlobStoreError,
  type ClusterState,
  type FileCopy,
  type FileDescription,
  type FilePiece,
  type FileStat,
  type GroupState,
  type PoolState,
  type SlaveName,
  type StoredFile,
  type StoreOptions,
} from '../../src/blob-store/blob-store.ts';

/** What goes wrong; each one strikes every call until it is taken back. */
export interface BlobFaults {
  /** Storing fails once this many bytes of one call were stored. */
  storeFailsAfterBytes?: number;
  /** Storing fails without having read any content. */
  storeUnavailable?: boolean;
  /** Each file comes out damaged at first, and is stored again. */
  damagesFirstTry?: boolean;
  /** Files that cannot be deleted. */
  undeletable?: Set<string>;
  /** What storage servers say of files; by default all have each that there is. */
  copies?: Map<string, readonly FileCopy[]>;
  /** Bytes of copies that are not those of the file, by `server fileId`. */
  copyContents?: Map<string, Buffer>;
}

/** Files in memory, cut into segments as FastDFS files are, with faults on demand. */
export class MemoryBlobStore implements BlobStore {
  readonly files = new Map<string, Buffer>();
  readonly faults: BlobFaults = {};
  /** Who has the files, … */
  servers: readonly string[] = ['memory:0'];
  /** … and what the trackers say of them. */
  groups: readonly GroupState[] = [];
  /** When files were stored; long ago unless it is told here. */
  readonly storedAtMs = new Map<string, number>();
  /** Groups that were asked for, by each store. */
  readonly groupNames: (string | null)[] = [];
  /** Bytes that the last `storeStream` was given, complete or not. */
  receivedBytes = 0;
  /** Called before each file is opened. */
  onOpen: (() => Promise<void>) | null = null;
  /** What file IDs tell, also of files that are damaged or gone. */
  readonly #contents = new Map<string, { readonly size: number; readonly crc32: number }>();
  readonly #segmentSizeBytesMax: number;
  #fileCount = 0;

  constructor(options: { readonly segmentSizeBytesMax?: number } = {}) {
    this.#segmentSizeBytesMax = options.segmentSizeBytesMax ?? 64 * 1024 * 1024;
  }

  async storeBuffer(content: Buffer, options: StoreOptions): Promise<StoredFile[]> {
    return await this.storeStream(Readable.from([content]), content.length, options);
  }

  async storeStream(
    content: AsyncIterable<Buffer>,
    size: number,
    options: StoreOptions,
  ): Promise<StoredFile[]> {
    if (size <= 0) throw new Error('an empty file was stored');
    if (this.faults.storeUnavailable) {
      throw new BlobStoreError('unavailable', 'no storage server can be reached');
    }
    this.groupNames.push(options.groupName ?? null);
    let received = 0;
    const stored: StoredFile[] = [];
    let pending = Buffer.alloc(0);
    const sizeMax = options.isOneFile ? size : this.#segmentSizeBytesMax;
    for await (const chunk of content) {
      options.signal.throwIfAborted();
      received += chunk.length;
      this.receivedBytes = received;
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= sizeMax) {
        stored.push(this.#add(pending.subarray(0, sizeMax), options));
        pending = pending.subarray(sizeMax);
      }
      this.#failWhenDue(received);
    }
    // As a storage server: a file exists only when all announced bytes came.
    if (received !== size) throw new BlobStoreError('unavailable', 'the content was cut');
    if (pending.length > 0) stored.push(this.#add(pending, options));
    return stored;
  }

  async open(
    pieces: Iterable<FilePiece> | AsyncIterable<FilePiece>,
    options: { readonly signal: AbortSignal },
  ): Promise<Readable> {
    await this.onOpen?.();
    const chunks = this.#read(pieces, options.signal);
    const first = await chunks.next();
    if (first.done) throw new Error('an empty range was opened');
    return Readable.from(
      (async function* () {
        yield first.value;
        yield* chunks;
      })(),
      { objectMode: false },
    );
  }

  async read(piece: FilePiece, options: { readonly signal: AbortSignal }): Promise<Buffer> {
    await this.onOpen?.();
    for await (const content of this.#read([piece], options.signal)) return content;
    throw new Error('an empty range was read');
  }

  async delete(fileId: string, options: { readonly signal: AbortSignal }): Promise<void> {
    options.signal.throwIfAborted();
    if (this.faults.undeletable?.has(fileId)) {
      throw new BlobStoreError('refused', `${fileId} cannot be deleted now`);
    }
    this.files.delete(fileId);
  }

  describeFile(fileId: string): FileDescription {
    const [groupName = ''] = fileId.split('/');
    const content = this.#contents.get(fileId) ?? null;
    const storedAtMs = this.storedAtMs.get(fileId) ?? 0;
    return { groupName, kind: 'normal', storedAtMs, content };
  }

  slaveFileId({ masterFileId, prefix }: SlaveName, extension: string): string {
    const [stem = ''] = masterFileId.split('.');
    return `${stem}${prefix}${extension && `.${extension}`}`;
  }

  async statFile(fileId: string): Promise<FileStat> {
    const file = this.files.get(fileId);
    if (!file) throw new BlobStoreError('not-found', `${fileId} does not exist`);
    const modifiedAtMs = this.storedAtMs.get(fileId) ?? 0;
    return { size: file.length, modifiedAtMs, crc32: crc32(file) };
  }

  async findCopies(
    fileId: string,
    _options?: { readonly signal: AbortSignal; readonly isOneEnough?: boolean },
  ): Promise<readonly FileCopy[]> {
    const given = this.faults.copies?.get(fileId);
    if (given) return given;
    const state = this.files.has(fileId) ? 'present' : 'missing';
    return this.servers.map((server, index) => {
      return { server, isSource: index === 0, state, problem: null };
    });
  }

  async openCopy(fileId: string, server: string): Promise<Readable> {
    const file = this.faults.copyContents?.get(`${server} ${fileId}`) ?? this.files.get(fileId);
    if (!file) throw new BlobStoreError('not-found', `${fileId} is not there`);
    return Readable.from([file]);
  }

  poolStates(): readonly PoolState[] {
    return [];
  }

  async clusterState(): Promise<ClusterState> {
    return { trackers: [], groups: this.groups };
  }

  async close(): Promise<void> {}

  async *#read(
    pieces: Iterable<FilePiece> | AsyncIterable<FilePiece>,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    for await (const { fileId, offset, size } of pieces) {
      signal.throwIfAborted();
      const file = this.files.get(fileId);
      if (!file) throw new BlobStoreError('not-found', `${fileId} is not there`);
      if (size <= 0 || offset < 0 || offset + size > file.length) {
        throw new Error(`bytes ${offset}+${size} of ${fileId} (${file.length}) were read`);
      }
      yield file.subarray(offset, offset + size);
    }
  }

  #add(content: Buffer, options: StoreOptions): StoredFile {
    if (this.faults.damagesFirstTry) this.#store(content, options);
    return this.#store(content, options);
  }

  #store(content: Buffer, options: StoreOptions): StoredFile {
    this.#fileCount += 1;
    const extension = options.extension ? `.${options.extension}` : '';
    const name = `file${this.#fileCount}${extension}`;
    const { slaveOf } = options;
    const fileId = slaveOf
      ? this.slaveFileId(slaveOf, options.extension ?? '')
      : `${options.groupName ?? 'group1'}/M00/00/00/${name}`;
    if (slaveOf && this.files.has(fileId)) throw new BlobStoreError('exists', `${fileId} exists`);
    this.files.set(fileId, Buffer.from(content));
    this.#contents.set(fileId, { size: content.length, crc32: crc32(content) });
    const file = { fileId, size: content.length, isReplicated: false };
    options.onStored?.(file);
    return file;
  }

  #failWhenDue(received: number): void {
    const limit = this.faults.storeFailsAfterBytes;
    if (limit === undefined || received < limit) return;
    throw new BlobStoreError('unavailable', 'the storage server is gone');
  }
}
