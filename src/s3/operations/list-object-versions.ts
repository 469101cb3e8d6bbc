import { listVersions } from '../../core/list-versions.ts';
import { ownerNames } from '../../core/owner-names.ts';
import type { ListedVersion } from '../../object-index/listing-requests.ts';
import type { Operation } from '../operation.ts';
import { isoTime, type KeyEncoding, keyEncoding } from '../parameters.ts';
import { renderXml, type XmlContent, XmlSequence } from '../xml.ts';
import { echo, readListRequest, renderObject, renderPrefixes } from './list-objects.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
export const listObjectVersions: Operation = {
  name: 'ListObjectVersions',
  permission: 's3:ListBucketVersions',
  bucketAccess: 'required',
  async handle({ query }, { core, bucket }) {
    const request = readListRequest(query);
    const encoding = keyEncoding(query);
    const keyMarker = query.get('key-marker') ?? '';
    const versionIdMarker = query.get('version-id-marker') ?? '';
    const page = await listVersions(core, bucket, { ...request, keyMarker, versionIdMarker });
    const { next, versions } = page;
    const names = await ownerNames(
      core,
      versions.map(({ ownerId }) => ownerId),
    );
    const body = renderXml('ListVersionsResult', {
      Name: bucket.name,
      Prefix: encoding.encode(request.prefix),
      KeyMarker: encoding.encode(keyMarker),
      VersionIdMarker: versionIdMarker,
      NextKeyMarker: next ? encoding.encode(next.keyMarker) : undefined,
      NextVersionIdMarker: next?.versionIdMarker || undefined,
      ...echo(request, encoding),
      IsTruncated: next !== null,
      // In one order, as AWS has them: some clients read both kinds as one list.
      versions: new XmlSequence(versions.map((version) => renderVersion(version, encoding, names))),
      CommonPrefixes: renderPrefixes(page.commonPrefixes, encoding),
    });
    return { status: 200, body };
  },
};

function renderVersion(
  version: ListedVersion,
  encoding: KeyEncoding,
  names: ReadonlyMap<string, string>,
): readonly [string, XmlContent] {
  const { versionId, isLatest, ownerId } = version;
  const common = {
    VersionId: versionId,
    IsLatest: isLatest,
    Owner: { ID: ownerId, DisplayName: names.get(ownerId) ?? '' },
  };
  if (!version.isDeleteMarker) {
    return ['Version', { ...renderObject(version, encoding), ...common }];
  }
  const LastModified = isoTime(version.lastModifiedMs);
  return ['DeleteMarker', { Key: encoding.encode(version.key), LastModified, ...common }];
}
