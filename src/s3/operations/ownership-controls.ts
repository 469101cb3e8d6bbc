import { aclOfBucket, privateAcl, renderAcl } from '../../core/access/acl.ts';
import { ownershipControls } from '../../core/access/bucket-access-settings.ts';
import { type ObjectOwnership, objectOwnerships } from '../../core/access/object-ownership.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Operation } from '../operation.ts';
import { parseXml, renderXml } from '../xml.ts';

const documentSizeBytesMax = 64 * 1024;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html */
export const getBucketOwnershipControls: Operation = {
  name: 'GetBucketOwnershipControls',
  permission: 's3:GetBucketOwnershipControls',
  bucketAccess: 'required',
  async handle(_request, { bucket }) {
    const ownership = ownershipControls.of(bucket);
    if (ownership === null) {
      throw new GatewayError('OwnershipControlsNotFoundError', { BucketName: bucket.name });
    }
    const body = renderXml('OwnershipControls', { Rule: { ObjectOwnership: ownership } });
    return { status: 200, body };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html */
export const putBucketOwnershipControls: Operation = {
  name: 'PutBucketOwnershipControls',
  permission: 's3:PutBucketOwnershipControls',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const ownership = parseDocument(await request.text(documentSizeBytesMax));
    const isPrivate = renderAcl(aclOfBucket(bucket)) === renderAcl(privateAcl(bucket.ownerId));
    // Whoever has access by the ACL would lose it without a word.
    if (ownership === 'BucketOwnerEnforced' && !isPrivate) {
      throw new GatewayError('InvalidBucketAclWithObjectOwnership');
    }
    await ownershipControls.put(core, bucket, ownership);
    return { status: 200 };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html */
export const deleteBucketOwnershipControls: Operation = {
  name: 'DeleteBucketOwnershipControls',
  permission: 's3:PutBucketOwnershipControls',
  bucketAccess: 'required',
  async handle(_request, { core, bucket }) {
    await ownershipControls.put(core, bucket, null);
    return { status: 204 };
  },
};

/** There is one rule and no more. Throws `MalformedXML`. */
function parseDocument(document: string): ObjectOwnership {
  const root = parseXml(document, 'OwnershipControls');
  const text = root.find('Rule')?.textOf('ObjectOwnership')?.trim();
  const ownership = objectOwnerships.find((known) => known === text);
  if (!ownership) throw new GatewayError('MalformedXML');
  return ownership;
}
