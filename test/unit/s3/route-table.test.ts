import { describe, expect, it } from 'vitest';
import { ReceivedHeaders } from '../../../src/http/request-headers.ts';
import type { Operation, S3Request } from '../../../src/s3/operation.ts';
import { createResolver } from '../../../src/s3/operation-resolver.ts';
import { parseTarget } from '../../../src/s3/request.ts';
import { routes } from '../../../src/s3/route-table.ts';
import { operationParameters, subresources } from '../../../src/s3/subresources.ts';

const resolveOperation = createResolver(routes);

function request(line: string, rawHeaders: string[] = []) {
  const [method = '', target = ''] = line.split(' ');
  const { bucketName, key, query } = parseTarget(target, 'localhost', []);
  return { method, bucketName, key, query, headers: ReceivedHeaders.parse(rawHeaders) };
}

function actionOf({ permission }: Operation, line: string): string | null {
  if (typeof permission !== 'function') return permission;
  return permission({ ...request(line) } as unknown as S3Request);
}

describe('the route table', () => {
  it.each([
    ['GET /', 'ListBuckets', 's3:ListAllMyBuckets'],
    ['PUT /photos', 'CreateBucket', 's3:CreateBucket'],
    ['HEAD /photos', 'HeadBucket', 's3:ListBucket'],
    ['DELETE /photos', 'DeleteBucket', 's3:DeleteBucket'],
    ['GET /photos?location', 'GetBucketLocation', 's3:GetBucketLocation'],
    ['GET /photos?prefix=a', 'ListObjects', 's3:ListBucket'],
    ['GET /photos?list-type=2', 'ListObjectsV2', 's3:ListBucket'],
    ['GET /photos?versions', 'ListObjectVersions', 's3:ListBucketVersions'],
    ['DELETE /photos?cors', 'DeleteBucketCors', 's3:PutBucketCORS'],
    ['GET /photos?uploads', 'ListMultipartUploads', 's3:ListBucketMultipartUploads'],
    ['POST /photos?delete', 'DeleteObjects', null],
    ['PUT /photos?versioning', 'PutBucketVersioning', 's3:PutBucketVersioning'],
    ['GET /photos?versioning', 'GetBucketVersioning', 's3:GetBucketVersioning'],
    ['GET /photos/cat.jpg', 'GetObject', 's3:GetObject'],
    ['HEAD /photos/cat.jpg', 'HeadObject', 's3:GetObject'],
    ['PUT /photos/cat.jpg', 'PutObject', 's3:PutObject'],
    ['DELETE /photos/cat.jpg', 'DeleteObject', 's3:DeleteObject'],
    ['DELETE /photos/cat.jpg?versionId=v', 'DeleteObject', 's3:DeleteObjectVersion'],
    ['GET /photos/cat.jpg?versionId=v', 'GetObject', 's3:GetObjectVersion'],
    ['HEAD /photos/cat.jpg?versionId=v', 'HeadObject', 's3:GetObjectVersion'],
    ['POST /photos/cat.jpg?uploads', 'CreateMultipartUpload', 's3:PutObject'],
    ['PUT /photos/cat.jpg?partNumber=1&uploadId=u1', 'UploadPart', 's3:PutObject'],
    ['GET /photos/cat.jpg?uploadId=u1', 'ListParts', 's3:ListMultipartUploadParts'],
    ['POST /photos/cat.jpg?uploadId=u1', 'CompleteMultipartUpload', 's3:PutObject'],
    ['DELETE /photos/cat.jpg?uploadId=u1', 'AbortMultipartUpload', 's3:AbortMultipartUpload'],
    ['GET /photos?acl', 'GetBucketAcl', 's3:GetBucketAcl'],
    ['PUT /photos?acl', 'PutBucketAcl', 's3:PutBucketAcl'],
    [
      'GET /photos?ownershipControls',
      'GetBucketOwnershipControls',
      's3:GetBucketOwnershipControls',
    ],
    [
      'PUT /photos?ownershipControls',
      'PutBucketOwnershipControls',
      's3:PutBucketOwnershipControls',
    ],
    [
      'DELETE /photos?ownershipControls',
      'DeleteBucketOwnershipControls',
      's3:PutBucketOwnershipControls',
    ],
    ['GET /photos?publicAccessBlock', 'GetPublicAccessBlock', 's3:GetBucketPublicAccessBlock'],
    ['PUT /photos?publicAccessBlock', 'PutPublicAccessBlock', 's3:PutBucketPublicAccessBlock'],
    [
      'DELETE /photos?publicAccessBlock',
      'DeletePublicAccessBlock',
      's3:PutBucketPublicAccessBlock',
    ],
  ])('%s is %s and needs %s', (line, name, permission) => {
    const operation = resolveOperation(request(line));
    expect(operation.name).toBe(name);
    expect(actionOf(operation, line)).toBe(permission);
  });

  it.each([
    ['PUT /photos/cat.jpg', 'CopyObject'],
    ['PUT /photos/cat.jpg?partNumber=1&uploadId=u1', 'UploadPartCopy'],
  ])('%s with a source is %s', (line, name) => {
    const copy = request(line, ['x-amz-copy-source', '/photos/dog.jpg']);
    expect(resolveOperation(copy).name).toBe(name);
  });

  it.each([
    'GET /photos?session',
    'DELETE /photos?renameObject',
    'PUT /photos/cat.jpg?append&position=0',
    'GET /photos/cat.jpg?torrent',
    'POST /photos/cat.jpg?select&select-type=2',
    'PUT /photos?uploadId=u1',
    'GET /?acl',
  ])('%s is not implemented', (line) => {
    expect(() => resolveOperation(request(line))).toThrow(
      expect.objectContaining({ code: 'NotImplemented' }),
    );
  });

  it('has one row for each method, resource, subresource and header', () => {
    const places = routes.map((route) =>
      [route.method, route.resource, route.subresource, route.header].join(' '),
    );
    expect(new Set(places).size).toBe(places.length);
  });

  it('names only subresources that the resolver looks for', () => {
    const used = routes.flatMap((route) => route.subresource ?? []);
    expect(used.filter((subresource) => !subresources.has(subresource))).toEqual([]);
  });

  it('declares parameters of operations that exist', () => {
    const names = new Set(routes.map((route) => route.operation.name));
    expect(Object.keys(operationParameters).filter((name) => !names.has(name))).toEqual([]);
  });
});
