import { createHash } from 'node:crypto';
import {
  type BlobStore,
  BlobStoreError,
  type FileDescription,
} from '../../blob-store/blob-store.ts';
import type { Pace } from '../pace.ts';
import { RowFailure } from './import-request.ts';

/** What an object needs to know of its file. */
export interface FileFacts {
  readonly size: number;
  /** Of all bytes; null where it is not known, or changes. */
  readonly crc32: number | null;
  /** When the file was stored; for one that can change, when it was written last. */
  readonly storedAtMs: number;
}

/** What the ID of a file tells; null where a storage server has to be asked. */
export function knownFacts({ content, storedAtMs }: FileDescription): FileFacts | null {
  return content && { ...content, storedAtMs: Math.max(0, storedAtMs) };
}

/**
 * Asks storage servers for a file. Throws `RowFailure` ('missing', 'unavailable', 'damaged') or the
 * signal's reason.
 */
export async function askForFacts(
  blobs: Pick<BlobStore, 'statFile' | 'describeFile'>,
  fileId: string,
  signal: AbortSignal,
): Promise<FileFacts> {
  const description = blobs.describeFile(fileId);
  const known = knownFacts(description);
  // The bytes of an appender file change: a CRC-32 of today is worth nothing.
  const withCrc32 = description.kind === 'slave';
  try {
    const stat = await blobs.statFile(fileId, { signal, withCrc32 });
    if (known && stat.size !== known.size) {
      const problem = `it has ${stat.size} bytes instead of ${known.size}`;
      throw new RowFailure('damaged', problem);
    }
    const crc32 = withCrc32 ? stat.crc32 : null;
    return known ?? { size: stat.size, crc32, storedAtMs: Math.max(0, stat.modifiedAtMs) };
  } catch (error) {
    throw toRowFailure(error);
  }
}

/**
 * Reads a file for the MD5 of its bytes, in hex; their CRC-32 is compared on the way. Throws as
 * `askForFacts`.
 */
export async function readMd5(
  blobs: Pick<BlobStore, 'open'>,
  { fileId, size }: { readonly fileId: string; readonly size: number },
  pace: Pace,
  signal: AbortSignal,
): Promise<string> {
  const md5 = createHash('md5');
  try {
    await pace.next(signal);
    const body = await blobs.open([{ fileId, offset: 0, size }], { signal });
    for await (const chunk of body as AsyncIterable<Buffer>) {
      md5.update(chunk);
      await pace.next(signal, chunk.length);
    }
    return md5.digest('hex');
  } catch (error) {
    throw toRowFailure(error);
  }
}

function toRowFailure(error: unknown): unknown {
  if (!(error instanceof BlobStoreError)) return error;
  if (error.reason === 'not-found') return new RowFailure('missing', error.message);
  if (error.reason === 'corrupt') return new RowFailure('damaged', error.message);
  return new RowFailure('unavailable', error.message);
}
