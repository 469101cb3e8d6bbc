import { GatewayError } from '../../core/errors.ts';
import { partNumberMax, uploadPart as upload } from '../../core/multipart/upload-part.ts';
import { uploadPartCopy as copy } from '../../core/multipart/upload-part-copy.ts';
import { quoteEtag } from '../../http/header-values.ts';
import { checksumElements, checksumHeader } from '../checksum-headers.ts';
import { parseCopySource, parseCopySourceRange } from '../copy-source.ts';
import type { Operation, S3Request } from '../operation.ts';
import { integerParameter, isoTime, keyOf } from '../parameters.ts';
import { renderXml } from '../xml.ts';
import { uploadIdOf } from './create-multipart-upload.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export const uploadPart: Operation = {
  name: 'UploadPart',
  permission: 's3:PutObject',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const part = await upload(core, {
      bucket,
      key: keyOf(request),
      uploadId: uploadIdOf(request),
      partNumber: partNumberOf(request),
      content: request.content(),
      signal: request.signal,
    });
    const { checksum } = part;
    return {
      status: 200,
      headers: {
        etag: quoteEtag(part.etag),
        ...(checksum && { [checksumHeader(checksum.algorithm)]: checksum.value }),
      },
    };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export const uploadPartCopy: Operation = {
  name: 'UploadPartCopy',
  permission: 's3:PutObject',
  bucketAccess: 'required',
  refusesAnonymous: 'Anonymous users cannot copy objects. Please authenticate.',
  async handle(request, { core, bucket }) {
    const part = await copy(core, {
      source: parseCopySource(request.headers),
      range: parseCopySourceRange(request.headers),
      bucket,
      key: keyOf(request),
      uploadId: uploadIdOf(request),
      partNumber: partNumberOf(request),
      access: request.access,
      signal: request.signal,
    });
    const { ChecksumType: _type, ...checksum } = checksumElements(part.checksum);
    const body = renderXml('CopyPartResult', {
      LastModified: isoTime(part.lastModifiedMs),
      ETag: quoteEtag(part.etag),
      ...checksum,
    });
    const headers = { 'x-amz-copy-source-version-id': part.sourceVersionId ?? undefined };
    return { status: 200, headers, body };
  },
};

function partNumberOf({ query }: S3Request): number {
  const partNumber = integerParameter(query, 'partNumber', {
    fallback: 0,
    min: 1,
    max: partNumberMax,
  });
  if (partNumber !== 0) return partNumber;
  throw new GatewayError('InvalidArgument', {
    message: 'This operation does not accept a request without partNumber.',
    ArgumentName: 'partNumber',
    ArgumentValue: '',
  });
}
