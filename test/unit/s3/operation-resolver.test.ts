import { describe, expect, it } from 'vitest';
import { ReceivedHeaders } from '../../../src/http/request-headers.ts';
import type { Operation, Route } from '../../../src/s3/operation.ts';
import { createResolver } from '../../../src/s3/operation-resolver.ts';
import { parseTarget } from '../../../src/s3/request.ts';
import { subresources } from '../../../src/s3/subresources.ts';

function operation(name: string): Operation {
  return {
    name,
    permission: `s3:${name}`,
    bucketAccess: 'none',
    handle: async () => ({ status: 200 }),
  };
}

const resolve = createResolver([
  { method: 'GET', resource: 'service', subresource: null, operation: operation('ListBuckets') },
  { method: 'GET', resource: 'bucket', subresource: null, operation: operation('ListObjects') },
  {
    method: 'GET',
    resource: 'bucket',
    subresource: 'list-type',
    operation: operation('ListObjectsV2'),
  },
  { method: 'PUT', resource: 'bucket', subresource: null, operation: operation('CreateBucket') },
  { method: 'DELETE', resource: 'bucket', subresource: null, operation: operation('DeleteBucket') },
  { method: 'GET', resource: 'object', subresource: null, operation: operation('GetObject') },
  { method: 'PUT', resource: 'object', subresource: null, operation: operation('PutObject') },
  {
    method: 'PUT',
    resource: 'object',
    subresource: null,
    header: 'x-amz-copy-source',
    operation: operation('CopyObject'),
  },
  {
    method: 'PUT',
    resource: 'object',
    subresource: 'uploadId',
    operation: operation('UploadPart'),
  },
  {
    method: 'DELETE',
    resource: 'object',
    subresource: null,
    operation: operation('DeleteObject'),
  },
] satisfies Route[]);

function request(line: string, rawHeaders: string[] = []) {
  const [method = '', target = ''] = line.split(' ');
  const { bucketName, key, query } = parseTarget(target, 'localhost', []);
  return { method, bucketName, key, query, headers: ReceivedHeaders.parse(rawHeaders) };
}

describe('createResolver', () => {
  it.each([
    ['GET /', 'ListBuckets'],
    ['GET /?x-id=ListBuckets', 'ListBuckets'],
    ['GET /photos', 'ListObjects'],
    ['GET /photos/?prefix=a&delimiter=/', 'ListObjects'],
    ['GET /photos?list-type=2&prefix=', 'ListObjectsV2'],
    ['GET /photos?unheard-of=1', 'ListObjects'],
    ['GET /photos/cat.jpg?versionId=null&response-expires=x', 'GetObject'],
    ['PUT /photos/cat.jpg?X-Amz-Signature=ab&x-id=PutObject', 'PutObject'],
    ['PUT /photos/cat.jpg?uploadId=u1&partNumber=2', 'UploadPart'],
    ['DELETE /photos/cat.jpg?versionId=null', 'DeleteObject'],
  ])('%s is %s', (line, name) => {
    expect(resolve(request(line)).name).toBe(name);
  });

  it('lets a header choose between rows that are alike', () => {
    const copy = request('PUT /photos/cat.jpg', ['x-amz-copy-source', '/photos/dog.jpg']);
    expect(resolve(copy).name).toBe('CopyObject');
  });

  it('never takes a subresource without a row for the plain resource', () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']) {
      for (const path of ['/photos', '/photos/cat.jpg']) {
        for (const subresource of subresources) {
          if (subresource === 'list-type' || subresource === 'uploadId') continue;
          expect(() => resolve(request(`${method} ${path}?${subresource}`))).toThrow(
            expect.objectContaining({ code: 'NotImplemented' }),
          );
        }
      }
    }
  });

  it.each([
    ['PUT /photos/cat.jpg?partNumber=1', 'NotImplemented'],
    ['PUT /photos/cat.jpg?prefix=a', 'NotImplemented'],
    ['DELETE /photos?unheard-of=1', 'NotImplemented'],
    ['PUT /photos?unheard-of', 'NotImplemented'],
    ['GET /photos?unheard-of', 'NotImplemented'],
    ['GET /photos?acl&policy', 'InvalidArgument'],
    ['GET /photos?list-type=3', 'InvalidArgument'],
    ['GET /photos?list-type', 'InvalidArgument'],
  ])('refuses %s with %s', (line, code) => {
    expect(() => resolve(request(line))).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    ['PATCH /photos', 'GET, PUT, DELETE', 'BUCKET'],
    ['POST /photos/cat.jpg', 'GET, PUT, DELETE', 'OBJECT'],
    ['DELETE /', 'GET', 'SERVICE'],
    ['POST /photos/cat.jpg?uploadId=u1', 'PUT', 'OBJECT'],
  ])('%s is not allowed and %s is', (line, allowed, resource) => {
    expect(() => resolve(request(line))).toThrow(
      expect.objectContaining({
        code: 'MethodNotAllowed',
        facts: expect.objectContaining({ Allow: allowed, ResourceType: resource }),
      }),
    );
  });
});
