import { newObjectAccess } from '../../core/access/put-acl.ts';
import { abortUpload, createUpload } from '../../core/multipart/create-upload.ts';
import { requestedAcl } from '../acl-headers.ts';
import { parseChecksumAlgorithm, parseChecksumType } from '../checksum-headers.ts';
import { describeObject } from '../object-headers.ts';
import type { Operation, S3Request } from '../operation.ts';
import { keyOf } from '../parameters.ts';
import { writtenSubresources } from '../written-subresources.ts';
import { renderXml } from '../xml.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export const createMultipartUpload: Operation = {
  name: 'CreateMultipartUpload',
  permission: 's3:PutObject',
  bucketAccess: 'required',
  refusesAnonymous: 'Anonymous users cannot initiate multipart uploads. Please authenticate.',
  async handle(request, { core, bucket }) {
    const { headers } = request;
    const key = keyOf(request);
    const { access } = request;
    const requested = requestedAcl(headers);
    const { ownerId, acl } = await newObjectAccess(core, access, { bucket, key }, requested);
    const upload = await createUpload(core, {
      bucket,
      key,
      caller: access.caller,
      ownerId,
      description: describeObject(headers),
      subresources: { ...(await writtenSubresources(request, { core, bucket })), acl },
      checksumAlgorithm: parseChecksumAlgorithm(headers, 'x-amz-checksum-algorithm'),
      checksumType: parseChecksumType(headers),
    });
    const body = renderXml('InitiateMultipartUploadResult', {
      Bucket: bucket.name,
      Key: upload.key,
      UploadId: upload.uploadId,
    });
    return {
      status: 200,
      headers: {
        'x-amz-checksum-algorithm': upload.checksumAlgorithm ?? undefined,
        'x-amz-checksum-type': upload.checksumType ?? undefined,
      },
      body,
    };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export const abortMultipartUpload: Operation = {
  name: 'AbortMultipartUpload',
  permission: 's3:AbortMultipartUpload',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    await abortUpload(core, bucket, keyOf(request), uploadIdOf(request));
    return { status: 204 };
  },
};

/** The upload that a request names; no upload has an empty id. */
export function uploadIdOf(request: S3Request): string {
  return request.query.get('uploadId') ?? '';
}
