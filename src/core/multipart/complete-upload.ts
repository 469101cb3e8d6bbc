import type { Bucket, Checksum, ChecksumType, Part, Upload } from '../../object-index/records.ts';
import type { WriteCondition } from '../../object-index/write-requests.ts';
import { inSlices } from '../../support/slices.ts';
import { badChecksum } from '../content-digest.ts';
import { GatewayError } from '../errors.ts';
import { retentionByDefault } from '../object-lock.ts';
import { checkEarly, publishedObject } from '../put-object.ts';
import type { CoreServices } from '../services.ts';
import { noSuchUpload } from './create-upload.ts';
import { checksumOfParts, etagOfParts } from './upload-checksums.ts';
import { checkPartNumber, partNumberMax } from './upload-part.ts';

/** Bytes of every part but the last. */
const partSizeBytesMin = 5 * 1024 ** 2;

/** Parts that are looked at in one turn of the event loop. */
const partsPerSlice = 1000;
/** Parts that are listed at once: each page costs a turn of the listing thread. */
const partsPageSize = 2500;

/** A part as the client lists it. */
export interface CompletedPart {
  readonly partNumber: number;
  /** Without quotes. */
  readonly etag: string;
  /** Base64, of whatever algorithm; null when not given. */
  readonly checksumValue: string | null;
}

export interface CompleteUploadRequest {
  readonly bucket: Bucket;
  readonly key: string;
  readonly uploadId: string;
  readonly parts: readonly CompletedPart[];
  /** What the client says of the whole; null where it says nothing. */
  readonly checksumType: ChecksumType | null;
  readonly checksum: Pick<Checksum, 'algorithm' | 'value'> | null;
  readonly size: number | null;
  readonly condition?: WriteCondition;
}

/** The object that the upload became. */
export interface CompletedObject {
  readonly etag: string;
  readonly checksum: Checksum | null;
  /** Null for what was written without versioning. */
  readonly versionId: string | null;
}

/**
 * Makes one object of the parts, in one transaction, without touching a byte. Repeated with the
 * same parts within a day it gives the same answer.
 *
 * Throws `InvalidPartOrder`, `InvalidPart`, `EntityTooSmall`, `BadDigest`, `InvalidRequest`,
 * `NoSuchUpload`, `PreconditionFailed` and `NoSuchKey` (If-Match without an object).
 */
export async function completeUpload(
  core: CoreServices,
  request: CompleteUploadRequest,
): Promise<CompletedObject> {
  const { bucket, key, uploadId } = request;
  checkOrder(request.parts);
  const upload = await core.index.findUpload(bucket.id, key, uploadId);
  if (!upload) return await repeatedAnswer(core, request);
  await checkEarly(core, bucket, key, { size: 0, condition: request.condition });
  const parts = await chosenParts(core, uploadId, request.parts);
  checkSizes(parts);
  const checksum = await checksumOfParts(upload, parts);
  checkWhole(upload, parts, checksum, request);
  const lastModifiedMs = core.now();
  checkPartChecksums(upload, request.parts);
  const completed = await core.index.completeUpload({
    bucketId: bucket.id,
    key,
    uploadId,
    parts: parts.map(({ partNumber, etag }) => ({ partNumber, etag })),
    etag: etagOfParts(parts),
    checksum,
    lastModifiedMs,
    defaultRetention: retentionByDefault(bucket, lastModifiedMs),
    ...(request.condition && { condition: request.condition }),
  });
  switch (completed.outcome) {
    case 'completed':
      return completed.object;
    case 'invalid-part':
      throw invalidPart(uploadId, completed.partNumber);
    case 'no-such-upload':
      // Completed by a request that ran beside this one, or aborted.
      return await repeatedAnswer(core, request).catch((error: unknown) => {
        throw request.condition?.ifMatch || request.condition?.ifNoneMatch
          ? new GatewayError('ConditionalRequestConflict', {}, { cause: error })
          : error;
      });
    default:
      return publishedObject(completed, bucket, key);
  }
}

/** Throws `InvalidPartOrder` unless part numbers ascend. */
function checkOrder(parts: readonly CompletedPart[]): void {
  if (parts.length === 0 || parts.length > partNumberMax) throw new GatewayError('MalformedXML');
  let previous = 0;
  for (const { partNumber } of parts) {
    checkPartNumber(partNumber);
    if (partNumber <= previous) throw new GatewayError('InvalidPartOrder');
    previous = partNumber;
  }
}

async function repeatedAnswer(
  core: CoreServices,
  request: CompleteUploadRequest,
): Promise<CompletedObject> {
  const completed = await core.index.findCompletedUpload(request.uploadId);
  const isSame =
    completed?.bucketId === request.bucket.id &&
    completed.key === request.key &&
    request.parts.every((part) => isMd5(part.etag)) &&
    completed.etag === etagOfParts(request.parts);
  if (!completed || !isSame) throw noSuchUpload(request.uploadId);
  return completed;
}

function isMd5(etag: string): boolean {
  return /^[0-9a-f]{32}$/.test(etag);
}

/** The stored parts that the client chose. Throws `InvalidPart` for one that is not as it says. */
async function chosenParts(
  core: CoreServices,
  uploadId: string,
  chosen: readonly CompletedPart[],
): Promise<readonly Part[]> {
  const stored = new Map<number, Part>();
  const last = chosen.at(-1)?.partNumber ?? 0;
  for (let after = (chosen[0]?.partNumber ?? 1) - 1; after < last; ) {
    const page = await core.index.listParts(uploadId, after, partsPageSize);
    for (const part of page.parts) stored.set(part.partNumber, part);
    if (!page.isTruncated) break;
    after = page.parts.at(-1)?.partNumber ?? last;
  }
  const parts: Part[] = [];
  for await (const slice of inSlices(chosen, partsPerSlice)) {
    for (const part of slice) {
      const found = stored.get(part.partNumber);
      const isAsStored =
        found?.etag === part.etag &&
        (part.checksumValue === null || part.checksumValue === found.checksum?.value);
      if (!found || !isAsStored) throw invalidPart(uploadId, part.partNumber, part.etag);
      parts.push(found);
    }
  }
  return parts;
}

/** Throws `EntityTooSmall` for a part below 5 MiB that is not the last. */
function checkSizes(parts: readonly Part[]): void {
  const small = parts.slice(0, -1).find((part) => part.size < partSizeBytesMin);
  if (!small) return;
  throw new GatewayError('EntityTooSmall', {
    ProposedSize: small.size,
    MinSizeAllowed: partSizeBytesMin,
    PartNumber: small.partNumber,
    ETag: small.etag,
  });
}

/** Compares what the client says of the whole object with what it is. */
function checkWhole(
  upload: Upload,
  parts: readonly Part[],
  checksum: Checksum | null,
  request: CompleteUploadRequest,
): void {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (request.size !== null && request.size !== size) {
    throw new GatewayError('InvalidRequest', {
      message: `The provided 'x-amz-mp-object-size' header value ${request.size} does not match what was computed: ${size}`,
    });
  }
  if (request.checksumType !== null && request.checksumType !== upload.checksumType) {
    throw new GatewayError('InvalidRequest', {
      message: `The upload was created using the ${upload.checksumType ?? 'null'} checksum mode. The complete request must use the same checksum mode.`,
    });
  }
  if (!request.checksum) return;
  const { algorithm, value } = request.checksum;
  if (algorithm !== checksum?.algorithm) {
    throw new GatewayError('InvalidRequest', {
      message: `The upload was created using ${checksum ? `a ${checksum.algorithm.toLowerCase()}` : 'no'} checksum. The complete request must use the same checksum.`,
    });
  }
  // Some SDKs send a composite value without the number of parts.
  const isWhole = value === checksum.value || `${value}-${parts.length}` === checksum.value;
  if (!isWhole) throw badChecksum(algorithm);
}

/** A COMPOSITE checksum is only as good as what the client says of every part. */
function checkPartChecksums(upload: Upload, parts: readonly CompletedPart[]): void {
  if (upload.checksumType !== 'COMPOSITE') return;
  const part = parts.find(({ checksumValue }) => checksumValue === null);
  if (!part) return;
  throw new GatewayError('InvalidRequest', {
    message: `The upload was created using a ${upload.checksumAlgorithm?.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${part.partNumber} in the request.`,
  });
}

function invalidPart(uploadId: string, partNumber: number, etag?: string): GatewayError {
  return new GatewayError('InvalidPart', {
    UploadId: uploadId,
    PartNumber: partNumber,
    ETag: etag,
  });
}
