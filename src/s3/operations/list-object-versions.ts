import { GatewayError } from '../../core/errors.ts';
import { listObjects } from '../../core/list-objects.ts';
import { ownerNames } from '../../core/owner-names.ts';
import { nullVersionId } from '../../core/version-id.ts';
import type { Operation } from '../operation.ts';
import { keyEncoding } from '../parameters.ts';
import { renderXml } from '../xml.ts';
import { echo, readListRequest, renderObject, renderPrefixes } from './list-objects.ts';

/**
 * Every object as its only version, which is called `null`: what S3 answers for a bucket that
 * never had versions. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
export const listObjectVersions: Operation = {
  name: 'ListObjectVersions',
  permission: 's3:ListBucketVersions',
  bucketAccess: 'required',
  async handle({ query }, { core, bucket }) {
    const request = readListRequest(query);
    const encoding = keyEncoding(query);
    const keyMarker = query.get('key-marker') ?? '';
    const versionMarker = query.get('version-id-marker') ?? '';
    if (versionMarker !== '' && keyMarker === '') {
      throw new GatewayError('InvalidArgument', {
        message: 'A version-id marker cannot be specified without a key marker.',
        ArgumentName: 'version-id-marker',
        ArgumentValue: versionMarker,
      });
    }
    const page = await listObjects(core, bucket, { ...request, after: keyMarker });
    const { nextAfter, objects } = page;
    const names = await ownerNames(
      core,
      objects.map(({ ownerId }) => ownerId),
    );
    const isAfterKey = nextAfter !== null && objects.at(-1)?.key === nextAfter;
    const body = renderXml('ListVersionsResult', {
      Name: bucket.name,
      Prefix: encoding.encode(request.prefix),
      KeyMarker: encoding.encode(keyMarker),
      VersionIdMarker: versionMarker,
      NextKeyMarker: nextAfter === null ? undefined : encoding.encode(nextAfter),
      NextVersionIdMarker: isAfterKey ? nullVersionId : undefined,
      ...echo(request, encoding),
      IsTruncated: nextAfter !== null,
      Version: objects.map((object) => ({
        ...renderObject(object, encoding),
        VersionId: nullVersionId,
        IsLatest: true,
        Owner: { ID: object.ownerId, DisplayName: names.get(object.ownerId) ?? '' },
      })),
      CommonPrefixes: renderPrefixes(page.commonPrefixes, encoding),
    });
    return { status: 200, body };
  },
};
