import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import type { Bucket, ObjectRecord } from '../object-index/records.ts';
import { type ByteRange, type RequestedRange, resolveRange } from './byte-range.ts';
import { GatewayError } from './errors.ts';
import { foundObject } from './found-object.ts';
import { refuseDisabled } from './kodo/disabled-objects.ts';
import { checkKey } from './names.ts';
import { isGone, readObject } from './open-object.ts';
import { bucketOrigin } from './origin/bucket-origin.ts';
import { evaluateConditions, type ReadConditions } from './preconditions.ts';
import type { CoreServices } from './services.ts';
import { checkVersionId } from './version-id.ts';

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
  /**
   * The object as the door tells of it: with another ETag, which conditions are about then. One that
   * comes from an origin just now is not stored yet, and cannot be read for it.
   */
  readonly present?: (object: ObjectRecord, isStored: boolean) => Promise<ObjectRecord>;
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
  /** False while it is fetched from an origin: it has no version and no row in the index yet. */
  readonly isStored: boolean;
  /** True: the client's copy is good, there is no body. */
  readonly isNotModified: boolean;
  /** The bytes asked for; null for the whole object. */
  readonly range: ByteRange | null;
  readonly part: RequestedPart | null;
}

/**
 * The object and the range of it that a HEAD or GET asks for. Throws what `getRecord` does,
 * `PreconditionFailed`, `InvalidRange` or `InvalidPartNumber`; where the bucket has an origin that
 * is asked for what is missing, also `OriginFailed` and `SlowDown`.
 */
export async function headObject(
  core: CoreServices,
  request: GetObjectRequest,
  signal = neverAborted,
): Promise<FoundObject> {
  const { bucket, key } = request;
  const found = await findStored(core, request);
  if (!(found instanceof GatewayError)) return await evaluate(core, request, found, true);
  const object = await core.pulls.head(bucket, key, signal);
  if (object === 'missing') throw found;
  if (object === 'stored') return await headStored(core, request);
  return await evaluate(core, request, object, false);
}

/** As `headObject`, with the bytes; the body is null when there are none to send. */
export async function getObject(
  core: CoreServices,
  request: GetObjectRequest,
  signal: AbortSignal,
): Promise<FoundObject & { readonly body: Buffer | Readable | null }> {
  const { bucket, key } = request;
  const stored = await findStored(core, request);
  if (!(stored instanceof GatewayError)) return await getStored(core, request, signal, stored);
  const pulled = await core.pulls.open(bucket, key, signal);
  if (pulled === 'missing') throw stored;
  if (pulled === 'stored') return await getStored(core, request, signal);
  const found = await evaluate(core, request, pulled.object, false);
  const size = found.range?.size ?? found.object.size;
  if (found.isNotModified || size === 0) return { ...found, body: null };
  const body = pulled.open(found.range);
  return body ? { ...found, body } : await getObject(core, request, signal);
}

const neverAborted = new AbortController().signal;
// All who cannot leave wait with it.
setMaxListeners(0, neverAborted);

/** The record; or why there is none, where the bucket's origin may have it. */
async function findStored(
  core: CoreServices,
  { bucket, key, versionId }: GetObjectRequest,
): Promise<ObjectRecord | GatewayError> {
  try {
    return await getRecord(core, bucket, key, versionId);
  } catch (error) {
    const isMissing =
      error instanceof GatewayError && error.code === 'NoSuchKey' && !error.deleteMarker;
    if (isMissing && bucketOrigin.of(bucket)) return error;
    throw error;
  }
}

async function headStored(core: CoreServices, request: GetObjectRequest): Promise<FoundObject> {
  const { bucket, key, versionId } = request;
  return await evaluate(core, request, await getRecord(core, bucket, key, versionId), true);
}

/** `first` is the object as it was found just now, where it was. */
async function getStored(
  core: CoreServices,
  request: GetObjectRequest,
  signal: AbortSignal,
  first?: ObjectRecord,
): Promise<FoundObject & { readonly body: Buffer | Readable | null }> {
  for (let attempt = 1; ; attempt += 1) {
    const found =
      attempt === 1 && first
        ? await evaluate(core, request, first, true)
        : await headStored(core, request);
    if (found.isNotModified) return { ...found, body: null };
    try {
      return { ...found, body: await readObject(core, found.object, found.range, signal) };
    } catch (error) {
      const isLast = attempt === openAttemptsMax;
      if (isLast || !(await isGone(core, found.object, error))) throw error;
    }
  }
}

async function evaluate(
  core: CoreServices,
  request: GetObjectRequest,
  record: ObjectRecord,
  isStored: boolean,
): Promise<FoundObject> {
  request.checkAccess?.(record);
  refuseDisabled(record);
  const object = (await request.present?.(record, isStored)) ?? record;
  const evaluated = evaluateConditions(request.conditions, object);
  if (evaluated.verdict === 'precondition-failed') {
    throw new GatewayError('PreconditionFailed', { Condition: evaluated.condition });
  }
  if (evaluated.verdict === 'not-modified') {
    return { object, isStored, isNotModified: true, range: null, part: null };
  }
  if (request.partNumber !== null) {
    return { ...(await findPart(core, object, request.partNumber)), isStored };
  }
  const isRanged = request.range !== null && (request.ifRange?.(object) ?? true);
  const range = isRanged && request.range ? resolveRange(request.range, object.size) : null;
  return { object, isStored, isNotModified: false, range, part: null };
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

async function findPart(
  core: CoreServices,
  object: ObjectRecord,
  partNumber: number,
): Promise<Omit<FoundObject, 'isStored'>> {
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
