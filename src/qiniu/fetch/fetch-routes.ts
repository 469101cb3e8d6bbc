import { authorize, getBucket } from '../../core/access/access.ts';
import { newObjectAccess } from '../../core/access/put-acl.ts';
import { mediaTypeOfName, unknownMediaType } from '../../core/media-types.ts';
import { putObject } from '../../core/put-object.ts';
import { RunningQetag } from '../../core/qetag.ts';
import type { SpooledContent } from '../../core/spool/spooled-content.ts';
import type { Bucket } from '../../object-index/records.ts';
import { entryOf, textOf } from '../entry.ts';
import type { QiniuRequest, QiniuResponse, QiniuRoute, QiniuServices } from '../operation.ts';
import { type FetchedSource, fetchSource } from './fetch-source.ts';

/** https://developer.qiniu.com/kodo/1263/fetch */
export const fetchRoutes: readonly QiniuRoute[] = [
  {
    name: 'fetch',
    methods: ['GET', 'POST'],
    path: '/fetch/:url/to/:entry',
    authentication: 'management',
    handle: fetchInto,
  },
];

/** Stores what a URL gives, in the place of what is there; without a key, under its hash. */
async function fetchInto(request: QiniuRequest, services: QiniuServices): Promise<QiniuResponse> {
  const { core, fetchLimits } = services;
  const url = textOf(request.argument('url'));
  const { bucketName, key } = entryOf(request.argument('entry'));
  request.concerns(bucketName, key);
  const bucket = await getBucket(core, bucketName);
  // Nothing is fetched for those who could not store it. Where the hash is to be the key, what it
  // will be is not known, and the whole bucket is asked for.
  await authorize(core, request.access, 's3:PutObject', { bucket, key: key ?? '*' });
  const source = await fetchSource(core, url, fetchLimits, request.signal);
  try {
    return await store(request, services, bucket, key, source);
  } finally {
    source.content.release();
  }
}

async function store(
  request: QiniuRequest,
  { core }: QiniuServices,
  bucket: Bucket,
  wantedKey: string | null,
  { content, mediaType, path }: FetchedSource,
): Promise<QiniuResponse> {
  const key = wantedKey ?? (await qetagOf(content));
  request.concerns(bucket.name, key);
  await authorize(core, request.access, 's3:PutObject', { bucket, key });
  const { ownerId } = await newObjectAccess(core, request.access, { bucket, key }, null);
  const type = mediaType ?? mediaTypeOfName(key) ?? mediaTypeOfName(path) ?? unknownMediaType;
  const object = await putObject(core, {
    ...{ bucket, key, caller: request.access.caller, ownerId },
    description: { headers: { 'content-type': type }, userMetadata: {} },
    content: content.toContent(),
    needsQetag: true,
    signal: request.signal,
  });
  return { json: { hash: object.qetag, key, fsize: object.size, mimeType: type } };
}

async function qetagOf(content: SpooledContent): Promise<string> {
  const running = new RunningQetag();
  for await (const chunk of content.open() as AsyncIterable<Buffer>) running.update(chunk);
  return running.digest();
}
