import type { Bucket, Part } from '../../object-index/records.ts';
import type { Access } from '../access/access.ts';
import type { ByteRange } from '../byte-range.ts';
import {
  type CopySource,
  copySizeBytesMax,
  getCopySource,
  sourceKeepsChanging,
} from '../copy-object.ts';
import { GatewayError } from '../errors.ts';
import { knownDigests, readDigests } from '../read-digests.ts';
import type { CoreServices } from '../services.ts';
import { versionIdIn } from '../version-id.ts';
import { getUpload, noSuchUpload } from './create-upload.ts';
import { checkPartNumber } from './upload-part.ts';

/** How often a copy looks again when its source was replaced while it was read. */
const copyAttemptsMax = 3;

export interface UploadPartCopyRequest {
  readonly source: CopySource;
  /** First and last byte of the source; null for all of it. */
  readonly range: { readonly first: number; readonly last: number } | null;
  readonly bucket: Bucket;
  readonly key: string;
  readonly uploadId: string;
  readonly partNumber: number;
  readonly access: Access;
  readonly signal: AbortSignal;
}

/** What a copy made, and the version that it read: null where the source's bucket has none. */
export interface CopiedPart extends Part {
  readonly sourceVersionId: string | null;
}

/**
 * Makes a part refer to bytes of an object; nothing is written. The bytes are read once where
 * their MD5 (the part's ETag) or the upload's checksum is not known already.
 *
 * Throws what reading the source throws, `NoSuchUpload`, `InvalidArgument` and `InvalidRequest`.
 */
export async function uploadPartCopy(
  core: CoreServices,
  request: UploadPartCopyRequest,
): Promise<CopiedPart> {
  const { bucket, key, uploadId, partNumber } = request;
  checkPartNumber(partNumber);
  const upload = await getUpload(core, bucket, key, uploadId);
  for (let attempt = 1; attempt <= copyAttemptsMax; attempt += 1) {
    const { source, sourceBucket } = await getCopySource(core, request.access, request.source);
    const range = copiedRange(request.range, source.size);
    const { checksumAlgorithm: algorithm } = upload;
    const known = range.size === source.size ? knownDigests(source, algorithm) : null;
    const digests = known ?? (await readDigests(core, source, range, algorithm, request.signal));
    if (!digests) continue;
    const part: Part = {
      ...digests,
      qetag: null,
      partNumber,
      size: range.size,
      lastModifiedMs: core.now(),
    };
    const outcome = await core.index.copyPart({
      ...part,
      bucketId: bucket.id,
      key,
      uploadId,
      source: { bucketId: sourceBucket.id, key: source.key, versionId: request.source.versionId },
      sourceObjectId: source.id,
      sourceEtag: source.etag,
      range,
    });
    if (outcome === 'no-such-upload') throw noSuchUpload(uploadId);
    if (outcome === 'stored') {
      return { ...part, sourceVersionId: versionIdIn(sourceBucket, source) };
    }
  }
  throw sourceKeepsChanging();
}

function copiedRange(requested: UploadPartCopyRequest['range'], sourceSize: number): ByteRange {
  const { first, last } = requested ?? { first: 0, last: sourceSize - 1 };
  if (last >= sourceSize) {
    throw new GatewayError('InvalidArgument', {
      message: `Range specified is not valid for source object of size: ${sourceSize}`,
      ArgumentName: 'x-amz-copy-source-range',
      ArgumentValue: `bytes=${first}-${last}`,
    });
  }
  const size = last - first + 1;
  if (size > copySizeBytesMax) {
    throw new GatewayError('InvalidRequest', {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${copySizeBytesMax}`,
    });
  }
  return { start: first, size };
}
