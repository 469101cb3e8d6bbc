import { randomBytes } from 'node:crypto';
import type {
  Bucket,
  ChecksumAlgorithm,
  ChecksumType,
  ObjectDescription,
  ObjectSubresources,
  Upload,
} from '../../object-index/records.ts';
import { noSubresources } from '../../object-index/records.ts';
import { checkedDescription } from '../descriptions.ts';
import { GatewayError } from '../errors.ts';
import { checkKey } from '../names.ts';
import type { Caller, CoreServices } from '../services.ts';
import { uploadChecksumType } from './upload-checksums.ts';

export interface CreateUploadRequest {
  readonly bucket: Bucket;
  readonly key: string;
  readonly caller: Caller;
  /** Of the object to be; the caller when left out. */
  readonly ownerId?: string;
  readonly description: ObjectDescription;
  readonly checksumAlgorithm: ChecksumAlgorithm | null;
  /** Null takes the algorithm's default. */
  readonly checksumType: ChecksumType | null;
  /** Of the object to be. */
  readonly subresources?: Partial<ObjectSubresources>;
}

/** Hexadecimal digits of the time in an upload id; enough for the next 8,900 years. */
const timeDigits = 12;
const randomSizeBytes = 16;

/** Starts an upload in parts. Throws what a write of that description throws. */
export async function createUpload(
  core: CoreServices,
  request: CreateUploadRequest,
): Promise<Upload> {
  checkKey(request.key);
  const initiatedAtMs = core.now();
  const upload: Upload = {
    ...checkedDescription(request.description),
    uploadId: newUploadId(initiatedAtMs),
    bucketId: request.bucket.id,
    key: request.key,
    ownerId: request.ownerId ?? request.caller.userId,
    initiatorId: request.caller.userId,
    initiatedAtMs,
    checksumAlgorithm: request.checksumAlgorithm,
    checksumType: uploadChecksumType(request.checksumAlgorithm, request.checksumType),
    ...noSubresources,
    ...request.subresources,
  };
  if ((await core.index.createUpload(upload)) === 'no-such-bucket') {
    throw new GatewayError('NoSuchBucket', { BucketName: request.bucket.name });
  }
  return upload;
}

/** The upload, which must be one of that key. Throws `NoSuchUpload`. */
export async function getUpload(
  core: CoreServices,
  bucket: Bucket,
  key: string,
  uploadId: string,
): Promise<Upload> {
  const upload = await core.index.findUpload(bucket.id, key, uploadId);
  if (!upload) throw noSuchUpload(uploadId);
  return upload;
}

/** Drops the upload and queues the files of its parts. Throws `NoSuchUpload`. */
export async function abortUpload(
  core: CoreServices,
  bucket: Bucket,
  key: string,
  uploadId: string,
): Promise<void> {
  const outcome = await core.index.abortUpload(bucket.id, key, uploadId);
  if (outcome === 'no-such-upload') throw noSuchUpload(uploadId);
}

export function noSuchUpload(uploadId: string): GatewayError {
  return new GatewayError('NoSuchUpload', { UploadId: uploadId });
}

/**
 * Starts with the time, because uploads of one key are listed in the order of their start, and
 * cannot be guessed.
 */
export function newUploadId(nowMs: number): string {
  return `${uploadIdBefore(nowMs)}${randomBytes(randomSizeBytes).toString('hex')}`;
}

/** Sorts before the IDs of all uploads that start then or later, and behind all others. */
export function uploadIdBefore(timeMs: number): string {
  return Math.max(0, Math.floor(timeMs)).toString(16).padStart(timeDigits, '0');
}
