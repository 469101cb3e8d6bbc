import type { SlaveName, StoredFile } from '../blob-store/blob-store.ts';
import type { Checksum, ChecksumAlgorithm, SegmentContent } from '../object-index/records.ts';
import { ContentDigest } from './content-digest.ts';
import { FittedContent, segmentsOfSize } from './fitted-content.ts';
import type { IncomingContent } from './incoming-content.ts';
import type { CoreServices } from './services.ts';
import { mayHaveCommitted, StoredFiles } from './stored-files.ts';
import { VerifiedBody } from './verified-body.ts';

/** Content that is on storage servers and verified, but that no key refers to yet. */
export interface StoredContent {
  readonly size: number;
  /** MD5 in hex. */
  readonly etag: string;
  /** Of the whole content; null when none was asked for. */
  readonly checksum: Checksum | null;
  /** Kodo's hash; null where it was not worked out. */
  readonly qetag: string | null;
  readonly segments: readonly SegmentContent[];
}

/** How the files of content are made that people know by their IDs. */
export interface NamedFileOptions {
  /** What the file ID ends in, behind a dot, or ''; see `StoreOptions`. */
  readonly extension: string;
  readonly slaveOf?: SlaveName;
}

export interface StoreContentOptions {
  readonly signal: AbortSignal;
  /** Makes one file of the content, however large, for people to know it by its ID. */
  readonly named?: NamedFileOptions | null;
  /** Computed even if the client declares none; it must not declare another one. */
  readonly checksumAlgorithm?: ChecksumAlgorithm | null;
  /** Whether Kodo's hash is needed; small bodies get it anyway where Kodo's API is served. */
  readonly needsQetag?: boolean;
  /** FastDFS group that must take the files; any may when null. */
  readonly groupName: string | null;
  /**
   * Runs before `publish`, for what depends on the content: what it throws, whatever it is, says
   * that nothing is published.
   */
  readonly prepare?: (stored: StoredContent) => Promise<void>;
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
    await options.prepare?.(stored);
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
  const isSmall = content.size <= core.settings.replayBufferSizeBytes;
  const digest = await ContentDigest.start({
    checksumAlgorithm: algorithm,
    sha256: content.declaresSha256,
    qetag: options.needsQetag || (isSmall && core.settings.keepsQetags),
  });
  const body = new VerifiedBody(content, digest, options.signal);
  const storeOptions = {
    signal: options.signal,
    groupName: options.groupName,
    ...(options.named && { isOneFile: true, ...options.named }),
    onStored: (file: { readonly fileId: string }) => files.add(file.fileId),
  };
  const segments = isSmall
    ? allOf(await storeWhole(core, await body.readWhole(), storeOptions))
    : content.sizeToleranceBytes
      ? await storeFitted(core, body, content.size, storeOptions)
      : allOf(await core.blobs.storeStream(body.chunks(), content.size, storeOptions));
  await files.dropAllBut(segments);
  const { md5, checksumValue, qetag } = body.digests();
  return {
    size: body.size,
    etag: md5.toString('hex'),
    checksum:
      algorithm === null || checksumValue === null
        ? null
        : { algorithm, type: 'FULL_OBJECT', value: checksumValue },
    qetag,
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
