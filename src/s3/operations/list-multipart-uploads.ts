import { listedPartsMax, listUploads } from '../../core/multipart/list-uploads.ts';
import { ownerNames } from '../../core/owner-names.ts';
import type { Upload } from '../../object-index/records.ts';
import type { Operation } from '../operation.ts';
import { integerParameter, isoTime, type KeyEncoding, keyEncoding } from '../parameters.ts';
import { renderXml } from '../xml.ts';
import { renderPrefixes } from './list-objects.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export const listMultipartUploads: Operation = {
  name: 'ListMultipartUploads',
  permission: 's3:ListBucketMultipartUploads',
  bucketAccess: 'required',
  async handle({ query }, { core, bucket }) {
    const asked = integerParameter(query, 'max-uploads', { fallback: listedPartsMax });
    const encoding = keyEncoding(query);
    const request = {
      prefix: query.get('prefix') ?? '',
      delimiter: query.get('delimiter') ?? '',
      keyMarker: query.get('key-marker') ?? '',
      uploadIdMarker: query.get('upload-id-marker') ?? '',
      limit: Math.min(asked, listedPartsMax),
    };
    const page = await listUploads(core, bucket, request);
    const names = await ownerNames(
      core,
      page.uploads.flatMap(({ ownerId, initiatorId }) => [ownerId, initiatorId]),
    );
    const body = renderXml('ListMultipartUploadsResult', {
      Bucket: bucket.name,
      KeyMarker: encoding.encode(request.keyMarker),
      UploadIdMarker: request.uploadIdMarker,
      NextKeyMarker: page.next ? encoding.encode(page.next.keyMarker) : undefined,
      NextUploadIdMarker: page.next?.uploadIdMarker,
      Prefix: encoding.encode(request.prefix),
      Delimiter: request.delimiter === '' ? undefined : encoding.encode(request.delimiter),
      EncodingType: encoding.type,
      MaxUploads: request.limit,
      IsTruncated: page.next !== null,
      Upload: page.uploads.map((upload) => renderUpload(upload, names, encoding)),
      CommonPrefixes: renderPrefixes(page.commonPrefixes, encoding),
    });
    return { status: 200, body };
  },
};

function renderUpload(upload: Upload, names: ReadonlyMap<string, string>, encoding: KeyEncoding) {
  const person = (id: string) => ({ ID: id, DisplayName: names.get(id) ?? '' });
  return {
    Key: encoding.encode(upload.key),
    UploadId: upload.uploadId,
    Initiator: person(upload.initiatorId),
    Owner: person(upload.ownerId),
    StorageClass: upload.headers['x-amz-storage-class'] ?? 'STANDARD',
    Initiated: isoTime(upload.initiatedAtMs),
    ChecksumAlgorithm: upload.checksumAlgorithm ?? undefined,
    ChecksumType: upload.checksumType ?? undefined,
  };
}
