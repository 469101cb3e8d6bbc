import { newObjectAccess } from '../../core/access/put-acl.ts';
import { copyObject as copy } from '../../core/copy-object.ts';
import { GatewayError } from '../../core/errors.ts';
import { quoteEtag } from '../../http/header-values.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import { requestedAcl } from '../acl-headers.ts';
import { checksumElements, parseChecksumAlgorithm } from '../checksum-headers.ts';
import { parseCopySource } from '../copy-source.ts';
import { describeObject } from '../object-headers.ts';
import type { Operation } from '../operation.ts';
import { isoTime, keyOf } from '../parameters.ts';
import { writtenVersionHeaders } from '../version-headers.ts';
import { authorizedCondition } from '../written-condition.ts';
import { copiedSubresources } from '../written-subresources.ts';
import { renderXml } from '../xml.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export const copyObject: Operation = {
  name: 'CopyObject',
  permission: 's3:PutObject',
  bucketAccess: 'required',
  refusesAnonymous: 'Anonymous users cannot copy objects. Please authenticate.',
  async handle(request, { core, bucket }) {
    const { headers } = request;
    const key = keyOf(request);
    const { access } = request;
    const source = parseCopySource(headers);
    const requested = requestedAcl(headers);
    const { ownerId, acl } = await newObjectAccess(core, access, { bucket, key }, requested);
    const algorithm = parseChecksumAlgorithm(headers, 'x-amz-checksum-algorithm');
    const { sourceVersionId, ...object } = await copy(core, {
      source,
      bucket,
      key,
      access,
      ownerId,
      metadataDirective: parseMetadataDirective(headers),
      description: describeObject(headers),
      subresources: { ...(await copiedSubresources(request, { core, bucket })), acl },
      condition: await authorizedCondition(request, { core, bucket }),
      ...(algorithm && { checksum: { algorithm, signal: request.signal } }),
    });
    const body = renderXml('CopyObjectResult', {
      LastModified: isoTime(object.lastModifiedMs),
      ETag: quoteEtag(object.etag),
      ...checksumElements(object.checksum),
    });
    return {
      status: 200,
      headers: {
        ...writtenVersionHeaders(object),
        'x-amz-copy-source-version-id': sourceVersionId ?? undefined,
      },
      body,
    };
  },
};

function parseMetadataDirective(headers: RequestHeaders): 'COPY' | 'REPLACE' {
  const directive = headers.get('x-amz-metadata-directive') ?? 'COPY';
  if (directive === 'COPY' || directive === 'REPLACE') return directive;
  throw new GatewayError('InvalidArgument', {
    message: 'Unknown metadata directive.',
    ArgumentName: 'x-amz-metadata-directive',
    ArgumentValue: directive,
  });
}
