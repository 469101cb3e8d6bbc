import { authorize } from '../../core/access/access.ts';
import {
  createBucket as create,
  deleteBucket as drop,
  listBuckets as list,
  listedBucketsMax,
  type NewBucketOptions,
} from '../../core/buckets.ts';
import { GatewayError } from '../../core/errors.ts';
import { parsePageToken, renderPageToken } from '../../core/page-token.ts';
import type { Tags } from '../../core/tags.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import { requestedAcl, requestedOwnership } from '../acl-headers.ts';
import type { Operation, S3Request } from '../operation.ts';

import { integerParameter, isoTime } from '../parameters.ts';
import { parseBucketTags } from '../tagging.ts';
import { parseXml, renderXml } from '../xml.ts';

const configurationSizeBytesMax = 64 * 1024;

/** The location that documents leave empty, for reasons of age. */
const legacyRegion = 'us-east-1';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
export const listBuckets: Operation = {
  name: 'ListBuckets',
  permission: 's3:ListAllMyBuckets',
  bucketAccess: 'none',
  async handle({ query, access: { caller } }, { core }) {
    const limit = integerParameter(query, 'max-buckets', {
      fallback: listedBucketsMax,
      min: 1,
      max: listedBucketsMax,
    });
    const prefix = query.get('prefix') ?? '';
    const token = query.get('continuation-token');
    const use = ['ListBuckets', prefix];
    const after = token === null ? '' : parsePageToken(use, token);
    const { region } = core.settings;
    const isElsewhere = (query.get('bucket-region') ?? region) !== region;
    const page = isElsewhere
      ? { buckets: [], nextAfter: null }
      : await list(core, caller, { prefix, after, limit });
    const body = renderXml('ListAllMyBucketsResult', {
      Owner: { ID: caller.userId, DisplayName: caller.userName },
      Buckets: {
        Bucket: page.buckets.map((bucket) => ({
          Name: bucket.name,
          CreationDate: isoTime(bucket.createdAtMs),
        })),
      },
      Prefix: query.has('prefix') ? prefix : undefined,
      ContinuationToken: page.nextAfter === null ? undefined : renderPageToken(use, page.nextAfter),
    });
    return { status: 200, body };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html */
export const createBucket: Operation = {
  name: 'CreateBucket',
  permission: 's3:CreateBucket',
  bucketAccess: 'none',
  async handle(request, { core }) {
    const name = request.bucketName ?? '';
    const { locationConstraint, tags } = await readConfiguration(request);
    const wanted = {
      hasObjectLock: wantsObjectLock(request.headers),
      acl: requestedAcl(request.headers),
      objectOwnership: requestedOwnership(request.headers),
      tags,
    };
    for (const action of actionsOf(wanted)) {
      await authorize(core, request.access, action, { bucket: null, bucketName: name });
    }
    await create(core, request.access.caller, name, locationConstraint, wanted);
    return { status: 200, headers: { location: `/${name}` } };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html */
export const headBucket: Operation = {
  name: 'HeadBucket',
  permission: 's3:ListBucket',
  bucketAccess: 'required',
  async handle(_request, { core }) {
    // The region that signatures name, which is what SDKs take from here.
    const headers = { 'x-amz-bucket-region': core.settings.region };
    return { status: 200, headers };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html */
export const getBucketLocation: Operation = {
  name: 'GetBucketLocation',
  permission: 's3:GetBucketLocation',
  bucketAccess: 'required',
  async handle(_request, { core, bucket }) {
    const location = bucket.locationConstraint ?? core.settings.region;
    const body = renderXml('LocationConstraint', location === legacyRegion ? '' : location);
    return { status: 200, body };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html */
export const deleteBucket: Operation = {
  name: 'DeleteBucket',
  permission: 's3:DeleteBucket',
  bucketAccess: 'required',
  async handle(_request, { core, bucket }) {
    await drop(core, bucket);
    return { status: 204 };
  },
};

/** What whoever makes a bucket must be allowed to do besides. */
function actionsOf({
  hasObjectLock,
  acl,
  objectOwnership,
  tags,
}: NewBucketOptions): readonly string[] {
  const isPrivate = !acl || (acl.kind === 'canned' && acl.name === 'private');
  return [
    ...(!isPrivate ? ['s3:PutBucketAcl'] : []),
    ...(hasObjectLock ? ['s3:PutBucketObjectLockConfiguration', 's3:PutBucketVersioning'] : []),
    ...(objectOwnership ? ['s3:PutBucketOwnershipControls'] : []),
    ...(tags ? ['s3:TagResource'] : []),
  ];
}

/** Throws `InvalidArgument`. */
function wantsObjectLock(headers: RequestHeaders): boolean {
  const name = 'x-amz-bucket-object-lock-enabled';
  const value = headers.get(name)?.toLowerCase() ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw new GatewayError('InvalidArgument', { ArgumentName: name, ArgumentValue: value });
}

/** Null for what the body does not name. Throws `MalformedXML`, `InvalidTag` or `NotImplemented`. */
async function readConfiguration(
  request: S3Request,
): Promise<{ readonly locationConstraint: string | null; readonly tags: Tags | null }> {
  const document = await request.text(configurationSizeBytesMax);
  if (document.trim() === '') return { locationConstraint: null, tags: null };
  const configuration = parseXml(document, 'CreateBucketConfiguration');
  for (const { name } of configuration.children) {
    if (name === 'LocationConstraint' || name === 'Tags') continue;
    throw new GatewayError('NotImplemented', {
      message: `CreateBucket does not support the element ${name}.`,
    });
  }
  const tags = configuration.find('Tags');
  return {
    locationConstraint: configuration.textOf('LocationConstraint')?.trim() || null,
    tags: tags && parseBucketTags(tags),
  };
}
