import type { Bucket, Part, Upload } from '../../object-index/records.ts';
import type { ListUploadsPage, ListUploadsRequest } from '../../object-index/upload-requests.ts';
import type { CoreServices } from '../services.ts';
import { getUpload } from './create-upload.ts';

/** Parts or uploads of one page; more asked for is taken as this. */
export const listedPartsMax = 1000;

export interface PartsPage {
  readonly upload: Upload;
  readonly parts: readonly Part[];
  readonly isTruncated: boolean;
}

/** One page of the parts of an upload. Throws `NoSuchUpload`. */
export async function listParts(
  core: CoreServices,
  bucket: Bucket,
  request: {
    readonly key: string;
    readonly uploadId: string;
    readonly afterPartNumber: number;
    readonly maxParts: number;
  },
): Promise<PartsPage> {
  const { key, uploadId, afterPartNumber } = request;
  const upload = await getUpload(core, bucket, key, uploadId);
  const limit = Math.min(request.maxParts, listedPartsMax);
  return { upload, ...(await core.index.listParts(uploadId, afterPartNumber, limit)) };
}

/** One page of the unfinished uploads of a bucket. */
export async function listUploads(
  core: CoreServices,
  bucket: Bucket,
  request: Omit<ListUploadsRequest, 'bucketId'>,
): Promise<ListUploadsPage> {
  const limit = Math.min(request.limit, listedPartsMax);
  return await core.index.listUploads({ ...request, bucketId: bucket.id, limit });
}
