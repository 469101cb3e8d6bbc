import {
  deleteBucketPolicy as drop,
  getBucketPolicy as get,
  isPublicBucket,
  putBucketPolicy as put,
} from '../../core/access/bucket-policy.ts';
import type { Operation } from '../operation.ts';
import { renderXml } from '../xml.ts';

/** Far above what a policy may have: one that is too long is to be told so in its own words. */
const documentSizeBytesMax = 1024 * 1024;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html */
export const putBucketPolicy: Operation = {
  name: 'PutBucketPolicy',
  permission: 's3:PutBucketPolicy',
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const text = await request.text(documentSizeBytesMax);
    await put(core, request.access.caller, bucket, text);
    return { status: 204 };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html */
export const getBucketPolicy: Operation = {
  name: 'GetBucketPolicy',
  permission: 's3:GetBucketPolicy',
  bucketAccess: 'required',
  async handle({ access: { caller } }, { bucket }) {
    const { text } = get(caller, bucket);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: text };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html */
export const deleteBucketPolicy: Operation = {
  name: 'DeleteBucketPolicy',
  permission: 's3:DeleteBucketPolicy',
  bucketAccess: 'required',
  async handle({ access: { caller } }, { core, bucket }) {
    await drop(core, caller, bucket);
    return { status: 204 };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicyStatus.html */
export const getBucketPolicyStatus: Operation = {
  name: 'GetBucketPolicyStatus',
  permission: 's3:GetBucketPolicyStatus',
  bucketAccess: 'required',
  async handle(_request, { bucket }) {
    const body = renderXml('PolicyStatus', { IsPublic: String(isPublicBucket(bucket)) });
    return { status: 200, body };
  },
};
