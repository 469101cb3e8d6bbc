import { authorize } from '../../core/access/access.ts';
import { closeToPublic, isOpenToPublic, openToPublic } from '../../core/access/public-read.ts';
import { createBucket, deleteBucket, listBuckets, listedBucketsMax } from '../../core/buckets.ts';
import type { Bucket } from '../../object-index/records.ts';
import { pairsOf } from '../entry.ts';
import { QiniuError, unsupported } from '../errors.ts';
import type { QiniuRequest, QiniuRoute, QiniuServices } from '../operation.ts';
import { bucketInfo, listedBucket, regionOf } from './bucket-info.ts';
import { findBucketFor } from './find-bucket.ts';
import { maxAgeSecondsMax, maxAgeSetting } from './kodo-settings.ts';

/** https://developer.qiniu.com/kodo/1382/mkbucketv3 */
const bucketName = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
/** Buckets in a page of version 4, where the client names no number. */
const pageSizeDefault = 20;

const management = { methods: ['GET', 'POST'], authentication: 'management' } as const;

/** Buckets as a whole: list, make, describe, open, drop. */
export const bucketRoutes: readonly QiniuRoute[] = [
  { ...management, name: 'buckets', path: '/buckets', handle: buckets },
  { ...management, name: 'mkbucketv3', path: '/mkbucketv3/:bucket/*', handle: makeBucket },
  { ...management, name: 'drop', path: '/drop/:bucket', handle: drop },
  { ...management, name: 'bucketInfo', path: '/v2/bucketInfo', handle: describe },
  { ...management, name: 'bucketInfos', path: '/v2/bucketInfos', handle: describeAll },
  { ...management, name: 'private', path: '/private', handle: setPrivate },
  { ...management, name: 'maxAge', path: '/maxAge', handle: setMaxAge },
];

const factsOf = ({ core, regions }: QiniuServices) => ({
  regionName: regions.name,
  nowMs: core.now(),
});

async function buckets(request: QiniuRequest, services: QiniuServices) {
  const { core } = services;
  const { query } = request.target;
  await authorize(core, request.access, 's3:ListAllMyBuckets', { bucket: null });
  // What is left out here would look as if it were not there.
  if (query.get('tagCondition')) throw unsupported('listing buckets by their tags');
  const isPaged = query.get('apiVersion') === 'v4';
  if (!isPaged) return { json: (await allBuckets(request, services)).map(({ name }) => name) };
  const page = await listBuckets(core, request.access.caller, {
    ...{ prefix: '', after: query.get('marker') ?? '' },
    limit: limitOf(query.get('limit')),
  });
  const found = await findAll(services, page.buckets);
  const region = query.get('region');
  const listed = found.map((bucket) => listedBucket(bucket, factsOf(services)));
  return {
    json: {
      next_marker: page.nextAfter ?? '',
      is_truncated: page.nextAfter !== null,
      buckets: listed.filter((bucket) => !region || bucket.region === region),
    },
  };
}

function limitOf(text: string | null): number {
  if (!text || text === '0') return pageSizeDefault;
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (limit <= 1000) return limit;
  throw new QiniuError(400, 'invalid argument: limit');
}

async function allBuckets(request: QiniuRequest, { core }: QiniuServices) {
  const wanted = { prefix: '', after: '', limit: listedBucketsMax };
  return (await listBuckets(core, request.access.caller, wanted)).buckets;
}

/** With their settings, which listings leave out. */
async function findAll(
  { core }: QiniuServices,
  listed: readonly { readonly name: string }[],
): Promise<readonly Bucket[]> {
  const found: Bucket[] = [];
  for (const { name } of listed) {
    const bucket = await core.index.findBucket(name);
    if (bucket) found.push(bucket);
  }
  return found;
}

async function makeBucket(request: QiniuRequest, services: QiniuServices) {
  const { core, regions, areNewBucketsPublic } = services;
  const name = request.argument('bucket');
  request.concerns(name, null);
  if (!bucketName.test(name)) throw new QiniuError(400, 'invalid bucket name');
  const region = pairsOf(request.rest).get('region') ?? regions.name;
  const isPlain = region === '' || region === regions.name;
  await authorize(core, request.access, 's3:CreateBucket', { bucket: null, bucketName: name });
  // S3 takes it for success where its owner makes a bucket again.
  if (await core.index.findBucket(name)) throw new QiniuError(614, 'the bucket already exists');
  const { caller } = request.access;
  const bucket = await createBucket(core, caller, name, isPlain ? null : region);
  if (areNewBucketsPublic) await openToPublic(core, bucket);
  return { json: {} };
}

async function drop(request: QiniuRequest, services: QiniuServices) {
  const name = request.argument('bucket');
  await deleteBucket(
    services.core,
    await findBucketFor(request, services, name, 's3:DeleteBucket'),
  );
  return {};
}

async function describe(request: QiniuRequest, services: QiniuServices) {
  const name = request.target.query.get('bucket');
  const bucket = await findBucketFor(request, services, name, 's3:GetBucketLocation');
  return { json: bucketInfo(bucket, factsOf(services)) };
}

async function describeAll(request: QiniuRequest, services: QiniuServices) {
  await authorize(services.core, request.access, 's3:ListAllMyBuckets', { bucket: null });
  const region = request.target.query.get('region');
  const facts = factsOf(services);
  const found = await findAll(services, await allBuckets(request, services));
  return {
    json: found
      .filter((bucket) => !region || regionOf(bucket, facts) === region)
      .map((bucket) => ({ name: bucket.name, info: bucketInfo(bucket, facts) })),
  };
}

async function setPrivate(request: QiniuRequest, services: QiniuServices) {
  const { core } = services;
  const { query } = request.target;
  const bucket = await findBucketFor(
    ...([request, services, query.get('bucket')] as const),
    ...['s3:PutBucketPolicy', 's3:PutBucketPublicAccessBlock'],
  );
  const wanted = query.get('private');
  if (wanted !== '0' && wanted !== '1') throw new QiniuError(400, 'invalid argument: private');
  const isOpen = isOpenToPublic(bucket, core.now());
  if (wanted === '0' && !isOpen) await openToPublic(core, bucket);
  if (wanted === '1') await closeToPublic(core, bucket);
  return {};
}

async function setMaxAge(request: QiniuRequest, services: QiniuServices) {
  const { query } = request.target;
  const bucket = await findBucketFor(
    ...([request, services, query.get('bucket')] as const),
    's3:PutBucketWebsite',
  );
  const text = query.get('maxAge') ?? '';
  const seconds = /^-?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= maxAgeSecondsMax)) throw new QiniuError(400, 'invalid argument: maxAge');
  await maxAgeSetting.put(services.core, bucket, seconds > 0 ? seconds : null);
  return {};
}
