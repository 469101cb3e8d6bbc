import type { Readable } from 'node:stream';
import { BlobStoreError, type FilePiece } from '../blob-store/blob-store.ts';
import type { ObjectRecord } from '../object-index/records.ts';
import type { ByteRange } from './byte-range.ts';
import type { HeldFiles } from './open-files.ts';
import type { CoreServices } from './services.ts';
import { nullVersionId } from './version-id.ts';

/** Segments of one look into the index: 64 GiB of an object in segments of the default size. */
const segmentsPageSize = 1000;

/**
 * A range of one file up to this many bytes is read whole before it is sent; this times the requests
 * served at a time is what such reads take of memory.
 */
const wholeReadSizeMax = 128 * 1024;

/** As `openObject`; what is small comes as one buffer. */
export async function readObject(
  core: CoreServices,
  object: ObjectRecord,
  range: ByteRange | null,
  signal: AbortSignal,
): Promise<Buffer | Readable | null> {
  const { start, size } = range ?? { start: 0, size: object.size };
  const { fileId } = object;
  if (fileId === null || size === 0 || size > wholeReadSizeMax) {
    return await openObject(core, object, range, signal);
  }
  const held = core.openFiles.hold();
  held.add(fileId);
  try {
    return await core.blobs.read({ fileId, offset: start, size }, { signal });
  } finally {
    held.release();
  }
}

/**
 * Bytes of an object: `range` of it, or all when null. Null when there are none. The files are not
 * deleted before the stream is closed, not even when the object is.
 */
export async function openObject(
  core: CoreServices,
  object: ObjectRecord,
  range: ByteRange | null,
  signal: AbortSignal,
): Promise<Readable | null> {
  const { start, size } = range ?? { start: 0, size: object.size };
  if (size === 0) return null;
  const held = core.openFiles.hold();
  if (object.fileId !== null) held.add(object.fileId);
  const pieces =
    object.fileId === null
      ? piecesOf(core, object, start, start + size, held)
      : [{ fileId: object.fileId, offset: start, size }];
  try {
    const body = await core.blobs.open(pieces, { signal });
    if (body.closed) held.release();
    else body.once('close', () => held.release());
    return body;
  } catch (error) {
    held.release();
    throw error;
  }
}

/**
 * The pieces that hold bytes `start` to `end - 1`, from pages of segments. Throws when they leave
 * a gap: an object replaced while it is read must not look shorter than it is.
 */
async function* piecesOf(
  core: CoreServices,
  object: ObjectRecord,
  start: number,
  end: number,
  held: HeldFiles,
): AsyncGenerator<FilePiece, void, void> {
  let offset = start;
  while (offset < end) {
    const segments = await core.index.listSegments(object.id, offset, segmentsPageSize);
    if (segments.length === 0) throw missingBytes(object, offset);
    // Their rows go with the object, so those that have their turn later are held now.
    for (const { fileId } of segments) held.add(fileId);
    for (const segment of segments) {
      const skipped = offset - segment.startOffset;
      if (skipped < 0 || skipped >= segment.size) throw missingBytes(object, offset);
      const size = Math.min(segment.size - skipped, end - offset);
      yield { fileId: segment.fileId, offset: segment.fileOffset + skipped, size };
      offset += size;
      if (offset === end) return;
    }
  }
}

function missingBytes(object: ObjectRecord, offset: number): BlobStoreError {
  return new BlobStoreError(
    'not-found',
    `Object ${object.id} has no segment at byte ${offset} any more.`,
  );
}

/**
 * Whether reading failed because the object was overwritten or deleted, or its file stored anew,
 * since the look-up: the next look-up tells. The same file again is really missing.
 */
export async function isGone(
  core: CoreServices,
  object: ObjectRecord,
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof BlobStoreError) || error.reason !== 'not-found') return false;
  const { bucketId, key, versionId } = object;
  const current = await core.index.findObject(bucketId, key, versionId ?? nullVersionId);
  return current?.id !== object.id || current.fileId !== object.fileId;
}
