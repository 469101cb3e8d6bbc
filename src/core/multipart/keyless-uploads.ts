import type { Bucket, ObjectDescription, Upload } from '../../object-index/records.ts';
import { noSubresources } from '../../object-index/records.ts';
import { GatewayError } from '../errors.ts';
import type { CoreServices } from '../services.ts';
import { newUploadId, uploadIdBefore } from './create-upload.ts';

/** How long an upload without a key can be completed, from its start. */
export const keylessUploadsKeptMs = 7 * 86_400_000;
/** What is being completed in this moment is left alone. */
const marginMs = 3_600_000;

export interface KeylessUploadRequest {
  readonly bucket: Bucket;
  /** Of the object to be. */
  readonly ownerId: string;
  readonly initiatorId: string;
  readonly description: ObjectDescription;
}

/**
 * Starts an upload in parts that has an empty key, under which S3's clients never see it: of Kodo's
 * clients, whose objects get their keys at the end. Throws `NoSuchBucket`.
 */
export async function createKeylessUpload(
  core: Pick<CoreServices, 'index' | 'now'>,
  { bucket, ownerId, initiatorId, description }: KeylessUploadRequest,
): Promise<Upload> {
  const initiatedAtMs = core.now();
  const upload: Upload = {
    ...description,
    uploadId: newUploadId(initiatedAtMs),
    bucketId: bucket.id,
    key: '',
    ownerId,
    initiatorId,
    initiatedAtMs,
    checksumAlgorithm: null,
    checksumType: null,
    ...noSubresources,
  };
  if ((await core.index.createUpload(upload)) === 'no-such-bucket') {
    throw new GatewayError('NoSuchBucket', { BucketName: bucket.name });
  }
  return upload;
}

/** Null when there is none, or its time is over. */
export async function findKeylessUpload(
  core: Pick<CoreServices, 'index' | 'now'>,
  bucket: Bucket,
  uploadId: string,
): Promise<Upload | null> {
  const upload = await core.index.findUpload(bucket.id, '', uploadId);
  if (!upload || core.now() > upload.initiatedAtMs + keylessUploadsKeptMs) return null;
  return upload;
}

/** Drops those whose time is over; their files are queued for deletion. */
export async function dropOldKeylessUploads(
  { index }: Pick<CoreServices, 'index'>,
  nowMs: number,
): Promise<void> {
  const before = uploadIdBefore(nowMs - keylessUploadsKeptMs - marginMs);
  while ((await index.dropKeylessUploads(before)) > 0);
}
