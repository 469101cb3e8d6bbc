import { newObjectAccess } from '../../core/access/put-acl.ts';
import { appendObject } from '../../core/append-object.ts';
import { GatewayError } from '../../core/errors.ts';
import { type PutObjectRequest, putObject as put } from '../../core/put-object.ts';
import { quoteEtag } from '../../http/header-values.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import { requestedAcl } from '../acl-headers.ts';
import { checksumHeader, checksumResponseHeaders } from '../checksum-headers.ts';
import { describeObject } from '../object-headers.ts';
import type { Operation, S3Response } from '../operation.ts';
import { keyOf } from '../parameters.ts';
import { writtenVersionHeaders } from '../version-headers.ts';
import { authorizedCondition } from '../written-condition.ts';
import { checkLockedContent, writtenSubresources } from '../written-subresources.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject = {
  name: 'PutObject',
  permission: 's3:PutObject',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const offset = writeOffset(request.headers);
    const key = keyOf(request);
    const { access } = request;
    const requested = requestedAcl(request.headers);
    const { ownerId, acl } = await newObjectAccess(core, access, { bucket, key }, requested);
    const subresources = {
      ...(await writtenSubresources(request, { core, bucket })),
      acl,
    };
    checkLockedContent(request, { core, bucket }, subresources);
    const wanted: PutObjectRequest = {
      bucket,
      key,
      caller: access.caller,
      ownerId,
      description: describeObject(request.headers),
      subresources,
      content: request.content(),
      condition: await authorizedCondition(request, { core, bucket }),
      signal: request.signal,
    };
    if (offset !== null) return appended(await appendObject(core, { ...wanted, offset }));
    const object = await put(core, wanted);
    return {
      status: 200,
      headers: {
        etag: quoteEtag(object.etag),
        ...writtenVersionHeaders(object),
        ...checksumResponseHeaders(object.checksum),
      },
    };
  },
} satisfies Operation;

/** Tells the size of the whole and the checksum of what was added, as S3 Express does. */
function appended({ object, partChecksum }: Awaited<ReturnType<typeof appendObject>>): S3Response {
  return {
    status: 200,
    headers: {
      etag: quoteEtag(object.etag),
      'x-amz-object-size': object.size,
      ...(partChecksum && { [checksumHeader(partChecksum.algorithm)]: partChecksum.value }),
    },
  };
}

/** Where the bytes are to be put, null for a whole object. Throws `InvalidArgument`. */
function writeOffset(headers: RequestHeaders): number | null {
  const value = headers.get('x-amz-write-offset-bytes');
  if (value === null) return null;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new GatewayError('InvalidArgument', {
    message: 'The write offset must be a number of bytes.',
    ArgumentName: 'x-amz-write-offset-bytes',
    ArgumentValue: value,
  });
}
