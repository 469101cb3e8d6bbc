import { listParts as list, listedPartsMax } from '../../core/multipart/list-uploads.ts';
import { ownerNames } from '../../core/owner-names.ts';
import { quoteEtag } from '../../http/header-values.ts';
import { checksumElements } from '../checksum-headers.ts';
import type { Operation } from '../operation.ts';
import { integerParameter, isoTime, keyOf } from '../parameters.ts';
import { renderXml } from '../xml.ts';
import { uploadIdOf } from './create-multipart-upload.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export const listParts: Operation = {
  name: 'ListParts',
  permission: 's3:ListMultipartUploadParts',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const { query } = request;
    const asked = integerParameter(query, 'max-parts', { fallback: listedPartsMax });
    const maxParts = Math.min(asked, listedPartsMax);
    const afterPartNumber = integerParameter(query, 'part-number-marker', { fallback: 0 });
    const key = keyOf(request);
    const uploadId = uploadIdOf(request);
    const page = await list(core, bucket, { key, uploadId, afterPartNumber, maxParts });
    const { upload, parts } = page;
    const names = await ownerNames(core, [upload.ownerId, upload.initiatorId]);
    const person = (id: string) => ({ ID: id, DisplayName: names.get(id) ?? '' });
    const body = renderXml('ListPartsResult', {
      Bucket: bucket.name,
      Key: key,
      UploadId: uploadId,
      PartNumberMarker: afterPartNumber,
      NextPartNumberMarker: parts.at(-1)?.partNumber ?? 0,
      MaxParts: maxParts,
      IsTruncated: page.isTruncated,
      Part: parts.map((part) => {
        const { ChecksumType: _type, ...checksum } = checksumElements(part.checksum);
        return {
          PartNumber: part.partNumber,
          LastModified: isoTime(part.lastModifiedMs),
          ETag: quoteEtag(part.etag),
          Size: part.size,
          ...checksum,
        };
      }),
      Initiator: person(upload.initiatorId),
      Owner: person(upload.ownerId),
      StorageClass: upload.headers['x-amz-storage-class'] ?? 'STANDARD',
      ChecksumAlgorithm: upload.checksumAlgorithm ?? undefined,
      ChecksumType: upload.checksumType ?? undefined,
    });
    return { status: 200, body };
  },
};
