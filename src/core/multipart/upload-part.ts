import type { Bucket, ChecksumAlgorithm, Part, Upload } from '../../object-index/records.ts';
import { GatewayError } from '../errors.ts';
import type { IncomingContent } from '../incoming-content.ts';
import { groupNameOf } from '../placement.ts';
import { checkPutSize } from '../put-object.ts';
import { checkPartQuotas } from '../quotas.ts';
import type { CoreServices } from '../services.ts';
import { storeContent } from '../store-content.ts';
import { getUpload, noSuchUpload } from './create-upload.ts';

export const partNumberMax = 10_000;

export interface UploadPartRequest {
  readonly bucket: Bucket;
  readonly key: string;
  readonly uploadId: string;
  readonly partNumber: number;
  readonly content: IncomingContent;
  /** Whether Kodo's hash is needed. */
  readonly needsQetag?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Stores a part, which replaces an earlier one of that number. Throws `NoSuchUpload`,
 * `InvalidArgument`, `EntityTooLarge`, `InvalidRequest` for a checksum that is not the upload's,
 * `QuotaExceeded` where the upload would get too large, and what is wrong with the body.
 */
export async function uploadPart(core: CoreServices, request: UploadPartRequest): Promise<Part> {
  const { bucket, key, uploadId, partNumber, content } = request;
  checkPartNumber(partNumber);
  checkPutSize(content.size);
  const upload = await getUpload(core, bucket, key, uploadId);
  checkPartAlgorithm(upload, content.checksumAlgorithm);
  await checkPartQuotas(core, bucket, upload, { partNumber, size: content.size });
  const options = {
    signal: request.signal,
    needsQetag: request.needsQetag ?? false,
    checksumAlgorithm: upload.checksumAlgorithm,
    groupName: groupNameOf(core.settings, bucket, upload),
  };
  return await storeContent(core, content, options, async (stored) => {
    const { segments, ...described } = stored;
    const part: Part = { ...described, partNumber, lastModifiedMs: core.now() };
    const newPart = { ...part, bucketId: bucket.id, key, uploadId, segments };
    const outcome = await core.index.putPart(newPart);
    if (outcome === 'no-such-upload') throw noSuchUpload(uploadId);
    return part;
  });
}

/** Throws `InvalidArgument` unless it is a whole number from 1 to 10000. */
export function checkPartNumber(partNumber: number): void {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > partNumberMax) {
    throw new GatewayError('InvalidArgument', {
      message: `Part number must be an integer between 1 and ${partNumberMax}, inclusive`,
      ArgumentName: 'partNumber',
      ArgumentValue: partNumber,
    });
  }
}

/**
 * A part without checksum gets the upload's, worked out here; one with another algorithm could
 * not be part of the whole's checksum.
 */
function checkPartAlgorithm(upload: Upload, declared: ChecksumAlgorithm | null): void {
  const expected = upload.checksumAlgorithm;
  if (expected === null || declared === null || declared === expected) return;
  throw new GatewayError('InvalidRequest', {
    message: `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${declared.toLowerCase()}`,
  });
}
