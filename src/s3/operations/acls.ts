import { aclOfBucket, aclOfObject, privateAcl } from '../../core/access/acl.ts';
import { hasAcls, ownerOf } from '../../core/access/bucket-access-settings.ts';
import {
  putBucketAcl as putOnBucket,
  putObjectAcl as putOnObject,
} from '../../core/access/put-acl.ts';
import { GatewayError } from '../../core/errors.ts';
import { getRecord } from '../../core/get-object.ts';
import { readAcl, renderAclDocument } from '../acl-document.ts';
import type { Operation, S3Request } from '../operation.ts';
import { keyOf } from '../parameters.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketAcl.html */
export const getBucketAcl: Operation = {
  name: 'GetBucketAcl',
  permission: 's3:GetBucketAcl',
  bucketAccess: 'required',
  async handle(_request, { core, bucket }) {
    const { ownerId } = bucket;
    const acl = hasAcls(bucket) ? aclOfBucket(bucket) : privateAcl(ownerId);
    return { status: 200, body: await renderAclDocument(core, ownerId, acl) };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAcl.html */
export const putBucketAcl: Operation = {
  name: 'PutBucketAcl',
  permission: 's3:PutBucketAcl',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    await putOnBucket(core, request.access, bucket, await readAcl(request));
    return { status: 200 };
  },
};

const readPermission = ({ query }: S3Request) =>
  query.has('versionId') ? 's3:GetObjectVersionAcl' : 's3:GetObjectAcl';
const writePermission = ({ query }: S3Request) =>
  query.has('versionId') ? 's3:PutObjectVersionAcl' : 's3:PutObjectAcl';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html */
export const getObjectAcl: Operation = {
  name: 'GetObjectAcl',
  permission: readPermission,
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const { access, query } = request;
    const key = keyOf(request);
    const object = await getRecord(core, bucket, key, query.get('versionId'));
    // The object may be another one than that of which it was decided.
    if (!access.allows(readPermission(request), { bucket, key, object })) {
      throw new GatewayError('AccessDenied');
    }
    const ownerId = ownerOf(bucket, object);
    const acl = hasAcls(bucket) ? aclOfObject(object) : privateAcl(ownerId);
    return { status: 200, body: await renderAclDocument(core, ownerId, acl) };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html */
export const putObjectAcl: Operation = {
  name: 'PutObjectAcl',
  permission: writePermission,
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const { access, query } = request;
    const target = { bucket, key: keyOf(request), versionId: query.get('versionId') };
    const requested = await readAcl(request);
    await putOnObject(core, access, writePermission(request), target, requested);
    return { status: 200 };
  },
};
