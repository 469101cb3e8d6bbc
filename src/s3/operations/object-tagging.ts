import { authorize, refuseUnread } from '../../core/access/access.ts';
import { changeObject } from '../../core/change-object.ts';
import { getRecord } from '../../core/get-object.ts';
import type { Bucket } from '../../object-index/records.ts';
import type { Operation, S3Request } from '../operation.ts';
import { keyOf } from '../parameters.ts';
import { parseTagging, renderTagging, taggingSizeBytesMax } from '../tagging.ts';
import { versionHeaders } from '../version-headers.ts';

/** IAM has actions of their own for versions that are named. */
const byVersion = (action: string, versionAction: string) => (request: S3Request) =>
  request.query.has('versionId') ? versionAction : action;

function named(request: S3Request, bucket: Bucket) {
  return { bucket, key: keyOf(request), versionId: request.query.get('versionId') };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
export const getObjectTagging: Operation = {
  name: 'GetObjectTagging',
  permission: byVersion('s3:GetObjectTagging', 's3:GetObjectVersionTagging'),
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const { key, versionId } = named(request, bucket);
    const object = await getRecord(core, bucket, key, versionId);
    return {
      status: 200,
      headers: versionHeaders(bucket, object),
      body: renderTagging(object.tags ?? {}),
    };
  },
};

const putAction = byVersion('s3:PutObjectTagging', 's3:PutObjectVersionTagging');

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export const putObjectTagging: Operation = {
  name: 'PutObjectTagging',
  // Policies may ask for the tags in the document.
  permission: null,
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const { access } = request;
    const target = named(request, bucket);
    const action = putAction(request);
    refuseUnread(access, action, target);
    const tags = parseTagging(await request.text(taggingSizeBytesMax));
    await authorize(core, access, action, { ...target, requestTags: tags });
    const object = await changeObject(core, target, { tags });
    return { status: 200, headers: versionHeaders(bucket, object) };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
export const deleteObjectTagging: Operation = {
  name: 'DeleteObjectTagging',
  permission: byVersion('s3:DeleteObjectTagging', 's3:DeleteObjectVersionTagging'),
  bucketAccess: 'required',
  async handle(request, { core, bucket }) {
    const object = await changeObject(core, named(request, bucket), { tags: null });
    return { status: 204, headers: versionHeaders(bucket, object) };
  },
};
