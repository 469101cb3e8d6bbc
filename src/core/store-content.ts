import { addAbortSignal, type Readable } from 'node:stream';
import type { StoredFile } from '../blob-store/blob-store.ts';
import type { Checksum, ChecksumAlgorithm, SegmentContent } from '../object-index/records.ts';
import { ContentDigest, type ContentDigests, checkDigests } from './content-digest.ts';
import { GatewayError } from './errors.ts';
import { FittedContent, segmentsOfSize } from './fitted-content.ts';
import type { IncomingContent } from './incoming-content.ts';
import type { CoreServices } from './services.ts';
import { mayHaveCommitted, StoredFiles } from './stored-files.ts';

/** Content that is on storage servers and verified, but that no key refers to yet. */
export interface StoredContent {
  readonly size: number;
  /** MD5 in hex. */
  readonly etag: string;
  /** Of the whole content; null when none was asked for. */
  readonly checksum: Checksum | null;
  readonly segments: readonly SegmentContent[];
}

export interface StoreContentOptions {
  readonly signal: AbortSignal;
  /** Computed even if the client declares none; it must not declare another one. */
  readonly checksumAlgorithm?: ChecksumAlgorithm | null;
  /** FastDFS group that must take the files; any may when null. */
  readonly groupName: string | null;
}

/**
 * Verifies the content, stores it, and lets `publish` make it visible. Whatever fails — the body,
 * a digest, a storage server, the client, or `publish`, which throws when the index said no —
 * the files that were stored meanwhile are queued for deletion and the error is rethrown.
 */
export async function storeContent<Result>(
  core: CoreServices,
  content: IncomingContent,
  options: StoreContentOptions,
  publish: (stored: StoredContent) => Promise<Result>,
): Promise<Result> {
  const files = new StoredFiles(core);
  let isPublishing = false;
  try {
    const stored = await store(core, content, options, files);
    options.signal.throwIfAborted();
    files.requireRecent();
    isPublishing = true;
    const result = await publish(stored);
    files.keep();
    return result;
  } catch (error) {
    if (isPublishing && mayHaveCommitted(error)) files.leave(error);
    else await files.discard();
    throw error;
  }
}

async function store(
  core: CoreServices,
  content: IncomingContent,
  options: StoreContentOptions,
  files: StoredFiles,
): Promise<StoredContent> {
  const algorithm = content.checksumAlgorithm ?? options.checksumAlgorithm ?? null;
  const body = new VerifiedBody(content, await startDigest(content, algorithm), options.signal);
  const storeOptions = {
    signal: options.signal,
    groupName: options.groupName,
    onStored: (file: { readonly fileId: string }) => files.add(file.fileId),
  };
  const segments =
    content.size <= core.settings.replayBufferSizeBytes
      ? allOf(await storeWhole(core, await body.readWhole(), storeOptions))
      : content.sizeToleranceBytes
        ? await storeFitted(core, body, content.size, storeOptions)
        : allOf(await core.blobs.storeStream(body.chunks(), content.size, storeOptions));
  await files.dropAllBut(segments);
  const { md5, checksumValue } = body.digests();
  return {
    size: body.size,
    etag: md5.toString('hex'),
    checksum:
      algorithm === null || checksumValue === null
        ? null
        : { algorithm, type: 'FULL_OBJECT', value: checksumValue },
    segments,
  };
}

function allOf(files: readonly StoredFile[]): readonly SegmentContent[] {
  return files.map((file) => ({ ...file, fileOffset: 0 }));
}

/** Content whose size is only nearly known: its files are as long as was announced. */
async function storeFitted(
  core: CoreServices,
  body: VerifiedBody,
  announcedSize: number,
  options: Parameters<CoreServices['blobs']['storeBuffer']>[1],
): Promise<readonly SegmentContent[]> {
  const fitted = new FittedContent(body.chunks(), announcedSize);
  const stored = await core.blobs.storeStream(fitted.chunks(), announcedSize, options);
  const rest = await storeWhole(core, fitted.excess, options);
  return segmentsOfSize([...stored, ...rest], body.size);
}

/** An empty object has no file at all. */
async function storeWhole(
  core: CoreServices,
  content: Buffer,
  options: Parameters<CoreServices['blobs']['storeBuffer']>[1],
) {
  return content.length === 0 ? [] : await core.blobs.storeBuffer(content, options);
}

function startDigest(
  content: IncomingContent,
  checksumAlgorithm: ChecksumAlgorithm | null,
): Promise<ContentDigest> {
  return ContentDigest.start({ checksumAlgorithm, sha256: content.declaresSha256 });
}

/** A request's body, checked against its declared size and digests while it is read once. */
class VerifiedBody {
  readonly #content: IncomingContent;
  readonly #digest: ContentDigest;
  readonly #signal: AbortSignal;
  readonly #tolerance: number;
  #digests: ContentDigests | null = null;
  #received = 0;

  constructor(content: IncomingContent, digest: ContentDigest, signal: AbortSignal) {
    this.#content = content;
    this.#digest = digest;
    this.#signal = signal;
    this.#tolerance = content.sizeToleranceBytes ?? 0;
  }

  /** Bytes that came; all of them once it was verified. */
  get size(): number {
    return this.#received;
  }

  /**
   * The chunks of the body. The last one is held back until size and digests are verified, so
   * that a storage server never gets all bytes of a bad body and never makes a file of them.
   */
  async *chunks(): AsyncGenerator<Buffer, void, void> {
    let held: Buffer | null = null;
    for await (const chunk of this.#read()) {
      if (held) yield held;
      held = chunk;
    }
    this.#verify();
    if (held) yield held;
  }

  /** The body in one buffer, verified. Only for sizes up to the replay buffer's. */
  async readWhole(): Promise<Buffer> {
    let whole: Buffer | null = null;
    let length = 0;
    for await (const chunk of this.#read()) {
      if (chunk.length === this.#content.size && this.#tolerance === 0) whole = chunk;
      else {
        // One allocation of the declared size, however small the chunks that a client sends.
        whole ??= Buffer.allocUnsafe(this.#content.size + this.#tolerance);
        chunk.copy(whole, length);
      }
      length += chunk.length;
    }
    this.#verify();
    return whole?.subarray(0, length) ?? Buffer.alloc(0);
  }

  /** Digests of the body, once it was read and verified. */
  digests(): ContentDigests {
    if (!this.#digests) throw new Error('The body was stored before it was verified.');
    return this.#digests;
  }

  async *#read(): AsyncGenerator<Buffer, void, void> {
    const { size } = this.#content;
    const source: Readable = addAbortSignal(this.#signal, this.#content.open());
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (chunk.length === 0) continue;
      this.#received += chunk.length;
      if (this.#received > size + this.#tolerance) throw incompleteBody(size, this.#received);
      this.#digest.update(chunk);
      yield chunk;
    }
    if (this.#received < size - this.#tolerance) throw incompleteBody(size, this.#received);
  }

  #verify(): void {
    const digests = this.#digest.finish();
    checkDigests(digests, this.#content.declared(), this.#content.checksumAlgorithm);
    this.#digests = digests;
  }
}

function incompleteBody(declaredSize: number, receivedSize: number): GatewayError {
  return new GatewayError('IncompleteBody', {
    NumberBytesExpected: declaredSize,
    NumberBytesProvided: receivedSize,
  });
}
