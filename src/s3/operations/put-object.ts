import { newObjectAccess } from '../../core/access/put-acl.ts';
import { putObject as put } from '../../core/put-object.ts';
import { requestedAcl } from '../acl-headers.ts';
import { checksumResponseHeaders } from '../checksum-headers.ts';
import { describeObject, quoteEtag } from '../object-headers.ts';
import type { Operation } from '../operation.ts';
import { keyOf } from '../parameters.ts';
import { writeCondition } from '../preconditions.ts';
import { writtenVersionHeaders } from '../version-headers.ts';
import { checkLockedContent, writtenSubresources } from '../written-subresources.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject = {
  name: 'PutObject',
  permission: 's3:PutObject',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const key = keyOf(request);
    const { access } = request;
    const requested = requestedAcl(request.headers);
    const { ownerId, acl } = await newObjectAccess(core, access, { bucket, key }, requested);
    const subresources = {
      ...(await writtenSubresources(request, { core, bucket })),
      acl,
    };
    checkLockedContent(request, { core, bucket }, subresources);
    const object = await put(core, {
      bucket,
      key,
      caller: access.caller,
      ownerId,
      description: describeObject(request.headers),
      subresources,
      content: request.content(),
      condition: writeCondition(request.headers),
      signal: request.signal,
    });
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
