import {
  BlobStoreError,
  type FileDescription,
  type FileStat,
} from '../../blob-store/blob-store.ts';
import type { CoreServices } from '../../core/services.ts';
import { FilesError } from '../errors.ts';

/** What a file's ID tells of it, and a storage server of one that can change. */
export interface FileFacts {
  readonly fileId: string;
  readonly size: number;
  readonly lastModifiedMs: number;
  /** Without quotes; the same from every gateway and whatever storage server has the file. */
  readonly etag: string;
  /** Whether the ETag may stand for other bytes: of appender files, changed twice in a second. */
  readonly isWeak: boolean;
  /** Can grow at any time. */
  readonly isAppender: boolean;
  /** Whether a storage server has said just now that it is there. */
  readonly isSeen: boolean;
}

/**
 * Everything but the bytes. Asks a storage server only where the ID does not tell size and time.
 * Throws `FilesError` 400 for what no storage server would name like that, 404, or `BlobStoreError`.
 */
export async function factsOf(
  { blobs }: Pick<CoreServices, 'blobs'>,
  fileId: string,
  signal: AbortSignal,
): Promise<FileFacts> {
  const { kind, storedAtMs, content } = describeFile(blobs, fileId);
  if (content !== null) {
    const etag = `${hex(content.crc32).padStart(8, '0')}-${hex(content.size)}`;
    const same = { isWeak: false, isAppender: false, isSeen: false };
    return { fileId, size: content.size, lastModifiedMs: storedAtMs, etag, ...same };
  }
  const { size, modifiedAtMs } = await statFile(blobs, fileId, signal);
  const isAppender = kind === 'appender';
  const etag = `${hex(modifiedAtMs / 1000)}-${hex(size)}`;
  const same = { isWeak: isAppender, isAppender, isSeen: true };
  return { fileId, size, lastModifiedMs: modifiedAtMs, etag, ...same };
}

/** Throws `FilesError` 404, or `BlobStoreError` when nobody can tell. */
export async function requireFile(
  { blobs }: Pick<CoreServices, 'blobs'>,
  { fileId, isSeen }: Pick<FileFacts, 'fileId' | 'isSeen'>,
  signal: AbortSignal,
): Promise<void> {
  if (!isSeen) await statFile(blobs, fileId, signal);
}

/** What to tell of a file that could not be opened. */
export async function openFailure(
  { blobs }: Pick<CoreServices, 'blobs'>,
  fileId: string,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof BlobStoreError)) return error;
  if (error.reason === 'not-found') return missing(error);
  if (error.reason !== 'unavailable' || signal.aborted) return error;
  // Of an ID that nobody ever gave no source tells; all servers together do.
  return await statFile(blobs, fileId, signal).then(
    () => error,
    (cause: unknown) => (cause instanceof FilesError ? cause : error),
  );
}

/** Throws `FilesError` 400 for what no storage server would name like that. */
export function describeFile(
  blobs: Pick<CoreServices['blobs'], 'describeFile'>,
  fileId: string,
): FileDescription {
  try {
    return blobs.describeFile(fileId);
  } catch (error) {
    if (!(error instanceof BlobStoreError)) throw error;
    throw new FilesError(400, 'This is no file ID.', { cause: error });
  }
}

async function statFile(
  blobs: CoreServices['blobs'],
  fileId: string,
  signal: AbortSignal,
): Promise<FileStat> {
  try {
    return await blobs.statFile(fileId, { signal });
  } catch (error) {
    const isMissing = error instanceof BlobStoreError && error.reason === 'not-found';
    throw isMissing ? missing(error) : error;
  }
}

function missing(cause: unknown): FilesError {
  return new FilesError(404, 'The file does not exist.', { cause });
}

function hex(value: number): string {
  return value.toString(16);
}
