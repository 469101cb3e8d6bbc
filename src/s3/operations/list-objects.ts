import {
  type ListRequest,
  listObjects as listByMarker,
  listedKeysMax,
  listObjectsByToken,
  type ObjectsPage,
} from '../../core/list-objects.ts';
import { ownerNames } from '../../core/owner-names.ts';
import type { CoreServices } from '../../core/services.ts';
import { quoteEtag } from '../../http/header-values.ts';
import type { QueryParameters } from '../../http/query.ts';
import type { ListedObject } from '../../object-index/listing-requests.ts';
import type { Operation } from '../operation.ts';
import { integerParameter, isoTime, type KeyEncoding, keyEncoding } from '../parameters.ts';
import { renderXml } from '../xml.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export const listObjects: Operation = {
  name: 'ListObjects',
  permission: 's3:ListBucket',
  bucketAccess: 'required',
  async handle({ query }, { core, bucket }) {
    const request = readListRequest(query);
    const encoding = keyEncoding(query);
    const marker = query.get('marker') ?? '';
    const page = await listByMarker(core, bucket, { ...request, after: marker });
    const { nextAfter } = page;
    // Without a delimiter the last key itself is the next marker, and AWS leaves it out.
    const isLastKey = request.delimiter === '' && nextAfter === page.objects.at(-1)?.key;
    const nextMarker = isLastKey ? null : nextAfter;
    const body = renderXml('ListBucketResult', {
      Name: bucket.name,
      Prefix: encoding.encode(request.prefix),
      Marker: encoding.encode(marker),
      NextMarker: nextMarker === null ? undefined : encoding.encode(nextMarker),
      ...echo(request, encoding),
      IsTruncated: nextAfter !== null,
      ...(await renderPage(core, page, encoding, true)),
    });
    return { status: 200, body };
  },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const listObjectsV2: Operation = {
  name: 'ListObjectsV2',
  permission: 's3:ListBucket',
  bucketAccess: 'required',
  async handle({ query }, { core, bucket }) {
    const request = readListRequest(query);
    const encoding = keyEncoding(query);
    // An empty token is none, but is echoed like any other.
    const echoedToken = query.get('continuation-token');
    const token = echoedToken || null;
    const startAfter = query.get('start-after') ?? '';
    const page = await listObjectsByToken(core, bucket, { ...request, token, startAfter });
    const body = renderXml('ListBucketResult', {
      Name: bucket.name,
      Prefix: encoding.encode(request.prefix),
      StartAfter: startAfter === '' ? undefined : encoding.encode(startAfter),
      ContinuationToken: echoedToken ?? undefined,
      NextContinuationToken: page.nextToken ?? undefined,
      KeyCount: page.objects.length + page.commonPrefixes.length,
      ...echo(request, encoding),
      IsTruncated: page.nextToken !== null,
      ...(await renderPage(core, page, encoding, query.get('fetch-owner') === 'true')),
    });
    return { status: 200, body };
  },
};

export function readListRequest(query: QueryParameters): ListRequest {
  const maxKeys = integerParameter(query, 'max-keys', { fallback: listedKeysMax });
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    maxKeys: Math.min(maxKeys, listedKeysMax),
  };
}

/** The elements that tell a client how its request was understood. */
export function echo(request: ListRequest, encoding: KeyEncoding) {
  return {
    MaxKeys: request.maxKeys,
    Delimiter: request.delimiter === '' ? undefined : encoding.encode(request.delimiter),
    EncodingType: encoding.type,
  };
}

/** Elements of one object that all listings share. */
export function renderObject(object: ListedObject, encoding: KeyEncoding) {
  return {
    Key: encoding.encode(object.key),
    LastModified: isoTime(object.lastModifiedMs),
    ETag: quoteEtag(object.etag),
    ChecksumAlgorithm: object.checksumAlgorithm ?? undefined,
    ChecksumType: object.checksumType ?? undefined,
    Size: object.size,
    StorageClass: object.storageClass ?? 'STANDARD',
  };
}

export function renderPrefixes(prefixes: readonly string[], encoding: KeyEncoding) {
  return prefixes.map((prefix) => ({ Prefix: encoding.encode(prefix) }));
}

async function renderPage(
  core: CoreServices,
  page: ObjectsPage,
  encoding: KeyEncoding,
  withOwner: boolean,
) {
  const names = withOwner
    ? await ownerNames(
        core,
        page.objects.map(({ ownerId }) => ownerId),
      )
    : null;
  return {
    Contents: page.objects.map((object) => ({
      ...renderObject(object, encoding),
      Owner: names
        ? { ID: object.ownerId, DisplayName: names.get(object.ownerId) ?? '' }
        : undefined,
    })),
    CommonPrefixes: renderPrefixes(page.commonPrefixes, encoding),
  };
}
