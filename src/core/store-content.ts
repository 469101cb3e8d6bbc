import { addAbortSignal, type Readable } from 'node:stream';
import type { Checksum, ChecksumAlgorithm, SegmentContent } from '../object-index/records.ts';
import { ContentDigest, type ContentDigests, checkDigests } from './content-digest.ts';
import { GatewayError } from './errors.ts';
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
  const stored =
    content.size <= core.settings.replayBufferSizeBytes
      ? await storeWhole(core, await body.readWhole(), storeOptions)
      : await core.blobs.storeStream(body.chunks(), content.size, storeOptions);
  await files.dropAllBut(stored);
  const { md5, checksumValue } = body.digests();
  return {
    size: content.size,
    etag: md5.toString('hex'),
    checksum:
      algorithm === null || checksumValue === null
        ? null
        : { algorithm, type: 'FULL_OBJECT', value: checksumValue },
    segments: stored.map((file) => ({ ...file, fileOffset: 0 })),
  };
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
  #digests: ContentDigests | null = null;

  constructor(content: IncomingContent, digest: ContentDigest, signal: AbortSignal) {
    this.#content = content;
    this.#digest = digest;
    this.#signal = signal;
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
      if (chunk.length === this.#content.size) whole = chunk;
      else {
        // One allocation of the declared size, however small the chunks that a client sends.
        whole ??= Buffer.allocUnsafe(this.#content.size);
        chunk.copy(whole, length);
      }
      length += chunk.length;
    }
    this.#verify();
    return whole ?? Buffer.alloc(0);
  }

  /** Digests of the body, once it was read and verified. */
  digests(): ContentDigests {
    if (!this.#digests) throw new Error('The body was stored before it was verified.');
    return this.#digests;
  }

  async *#read(): AsyncGenerator<Buffer, void, void> {
    const { size } = this.#content;
    const source: Readable = addAbortSignal(this.#signal, this.#content.open());
    let received = 0;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (chunk.length === 0) continue;
      received += chunk.length;
      if (received > size) throw incompleteBody(size, received);
      this.#digest.update(chunk);
      yield chunk;
    }
    if (received < size) throw incompleteBody(size, received);
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
