import type { Readable } from 'node:stream';
import { BlobStoreError, type FilePiece } from '../blob-store/blob-store.ts';
import type { Bucket, ObjectRecord } from '../object-index/records.ts';
import { type ByteRange, type RequestedRange, resolveRange } from './byte-range.ts';
import { GatewayError } from './errors.ts';
import { foundObject } from './found-object.ts';
import { checkKey } from './names.ts';
import type { HeldFiles } from './open-files.ts';
import { evaluateConditions, type ReadConditions } from './preconditions.ts';
import type { CoreServices } from './services.ts';
import { checkVersionId, nullVersionId } from './version-id.ts';

/** Segments of one look into the index: 64 GiB of an object in segments of the default size. */
const segmentsPageSize = 1000;

/**
 * A range of one file up to this many bytes is read whole before it is sent; this times the requests
 * served at a time is what such reads take of memory.
 */
const wholeReadSizeMax = 128 * 1024;

/** How often a read starts over when the object is replaced between look-up and opening. */
const openAttemptsMax = 3;

export interface GetObjectRequest {
  readonly bucket: Bucket;
  readonly key: string;
  /** Null for the current version. */
  readonly versionId: string | null;
  readonly conditions: ReadConditions;
  /** The range asked for; it counts only for an object that `ifRange` accepts. */
  readonly range: RequestedRange | null;
  readonly ifRange?: (object: ObjectRecord) => boolean;
  /** 1 to 10000; excludes a range. */
  readonly partNumber: number | null;
  /** Throws where the caller may not read that very object. */
  readonly checkAccess?: (object: ObjectRecord) => void;
}

/** The part that was asked for by number. */
interface RequestedPart {
  readonly partNumber: number;
  /** Parts of the object; null when it was not a multipart upload. */
  readonly partCount: number | null;
  /** Base64; null when it has none of its own. */
  readonly checksumValue: string | null;
}

export interface FoundObject {
  readonly object: ObjectRecord;
  /** True: the client's copy is good, there is no body. */
  readonly isNotModified: boolean;
  /** The bytes asked for; null for the whole object. */
  readonly range: ByteRange | null;
  readonly part: RequestedPart | null;
}

/**
 * The object and the range of it that a HEAD or GET asks for. Throws what `getRecord` does,
 * `PreconditionFailed`, `InvalidRange` or `InvalidPartNumber`.
 */
export async function headObject(
  core: CoreServices,
  request: GetObjectRequest,
): Promise<FoundObject> {
  const object = await getRecord(core, request.bucket, request.key, request.versionId);
  request.checkAccess?.(object);
  const evaluated = evaluateConditions(request.conditions, object);
  if (evaluated.verdict === 'precondition-failed') {
    throw new GatewayError('PreconditionFailed', { Condition: evaluated.condition });
  }
  if (evaluated.verdict === 'not-modified') {
    return { object, isNotModified: true, range: null, part: null };
  }
  if (request.partNumber !== null) return await findPart(core, object, request.partNumber);
  const isRanged = request.range !== null && (request.ifRange?.(object) ?? true);
  const range = isRanged && request.range ? resolveRange(request.range, object.size) : null;
  return { object, isNotModified: false, range, part: null };
}

/** As `headObject`, with the bytes; the body is null when there are none to send. */
export async function getObject(
  core: CoreServices,
  request: GetObjectRequest,
  signal: AbortSignal,
): Promise<FoundObject & { readonly body: Buffer | Readable | null }> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await headObject(core, request);
    if (found.isNotModified) return { ...found, body: null };
    try {
      return { ...found, body: await readObject(core, found.object, found.range, signal) };
    } catch (error) {
      const isLast = attempt === openAttemptsMax;
      if (isLast || !(await isGone(core, found.object, error))) throw error;
    }
  }
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

/**
 * The record of a version, of the current one without an id. Throws `NoSuchKey` or `NoSuchVersion`,
 * and `MethodNotAllowed` for a delete marker that is named by its id.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
 */
export async function getRecord(
  core: CoreServices,
  bucket: Bucket,
  key: string,
  versionId: string | null,
): Promise<ObjectRecord> {
  checkKey(key);
  checkVersionId(versionId);
  return foundObject(await core.index.findObject(bucket.id, key, versionId), key, versionId);
}

/** As `openObject`; what is small comes as one buffer. */
async function readObject(
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

async function findPart(
  core: CoreServices,
  object: ObjectRecord,
  partNumber: number,
): Promise<FoundObject> {
  const { partCount, size } = object;
  if (partCount === null && partNumber === 1) {
    const part = { partNumber, partCount, checksumValue: null };
    return { object, isNotModified: false, range: { start: 0, size }, part };
  }
  const found = partCount === null ? null : await core.index.findObjectPart(object.id, partNumber);
  if (!found) {
    throw new GatewayError('InvalidPartNumber', {
      ActualPartCount: partCount ?? 1,
      PartNumberRequested: partNumber,
    });
  }
  const range = { start: found.startOffset, size: found.size };
  const part = { partNumber, partCount, checksumValue: found.checksumValue };
  return { object, isNotModified: false, range, part };
}
