import { setMaxListeners } from 'node:events';
import { crc32 } from 'node:zlib';
import type { StoredFile, StoreOptions } from './blob-store.ts';
import type { Cluster } from './cluster.ts';
import { confirmReplicas } from './confirm-replicas.ts';
import { SegmentSource } from './segment-source.ts';
import { type Segment, storeSegment, type TakenFile } from './store-segment.ts';

type SegmentContent = Pick<Segment, 'open' | 'isReplayable' | 'crc32'>;

/** Stores a buffer in files of at most `segmentSizeBytesMax`; see `BlobStore.storeBuffer`. */
export async function storeBuffer(
  cluster: Cluster,
  content: Buffer,
  segmentSizeBytesMax: number,
  options: StoreOptions,
): Promise<StoredFile[]> {
  const files = new FilesUnderWay(cluster, options);
  try {
    for (let start = 0; start < content.length; start += segmentSizeBytesMax) {
      const bytes = content.subarray(start, start + segmentSizeBytesMax);
      await files.store(bytes.length, {
        open: () => bytes,
        isReplayable: () => true,
        crc32: () => crc32(bytes),
      });
    }
    return await files.confirmed();
  } catch (error) {
    files.giveUp();
    throw error;
  }
}

/** Stores content of known size; see `BlobStore.storeStream`. */
export async function storeStream(
  cluster: Cluster,
  content: AsyncIterable<Buffer>,
  size: number,
  segmentSizeBytesMax: number,
  options: StoreOptions,
): Promise<StoredFile[]> {
  const source = new SegmentSource(content, size);
  const files = new FilesUnderWay(cluster, options);
  try {
    for (let start = 0; start < size; start += segmentSizeBytesMax) {
      const segmentSize = Math.min(size - start, segmentSizeBytesMax);
      source.startSegment();
      await files.store(segmentSize, {
        open: () => source.segment(segmentSize),
        isReplayable: () => !source.isSegmentStarted,
        crc32: () => source.segmentCrc32,
      });
    }
    return await files.confirmed();
  } catch (error) {
    files.giveUp();
    source.giveUp();
    throw source.failure === null ? error : source.failure.error;
  }
}

/** The files of one body. They wait for their replicas side by side, while later ones are sent. */
class FilesUnderWay {
  readonly #cluster: Cluster;
  readonly #options: StoreOptions;
  readonly #waits: Promise<StoredFile>[] = [];
  /** Ends all waits, when the client goes or one of the files fails; null while none waits. */
  #stop: AbortController | null = null;
  readonly #onAbort = () => this.#stop?.abort(this.#options.signal.reason);
  #failure: { readonly error: unknown } | null = null;

  constructor(cluster: Cluster, options: StoreOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Resolves when one storage server has the next file. */
  async store(size: number, content: SegmentContent): Promise<void> {
    const taken = await this.#store(size, content);
    this.#waits.push(this.#wait(taken, size, content));
    // The rest of a body that has failed already need not be sent.
    if (this.#failure !== null) throw this.#failure.error;
  }

  #store(size: number, content: SegmentContent): Promise<TakenFile> {
    const { groupName = null, extension = '', signal, onStored } = this.#options;
    const places = { size, groupName, extension, signal };
    const tell = (file: StoredFile) => onStored?.(file);
    return storeSegment(this.#cluster, { ...places, ...content, onStored: tell });
  }

  /** All files, in order, when enough storage servers have each of them. */
  async confirmed(): Promise<StoredFile[]> {
    const files = await Promise.all(this.#waits);
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    return files;
  }

  giveUp(): void {
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#stop?.abort();
  }

  #wait(taken: TakenFile, size: number, content: SegmentContent): Promise<StoredFile> {
    if (this.#cluster.writes.minReplicas === 1) return Promise.resolve(taken.file);
    const storeAgain = () => this.#store(size, content);
    const wait = confirmReplicas(
      this.#cluster,
      taken,
      this.#stopSignal(),
      content.isReplayable() ? storeAgain : null,
    );
    // Nobody looks at it before the last file is stored.
    wait.catch((error: unknown) => {
      this.#failure ??= { error };
    });
    return wait;
  }

  #stopSignal(): AbortSignal {
    if (this.#stop === null) {
      const { signal } = this.#options;
      this.#stop = new AbortController();
      // All files of a large body may wait at the same time.
      setMaxListeners(0, this.#stop.signal);
      signal.addEventListener('abort', this.#onAbort);
      if (signal.aborted) this.#onAbort();
    }
    return this.#stop.signal;
  }
}
