import { describe, expect, it } from 'vitest';
import { presignUrl } from '../../../src/cli/presigned-url.ts';

const request = {
  method: 'GET',
  endpoint: new URL('http://127.0.0.1:9000'),
  bucketName: 'photos',
  key: 'cat.jpg',
  expiresSeconds: 900,
  region: 'us-east-1',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  nowMs: Date.UTC(2013, 4, 24),
} as const;

const signatureOf = (url: string) => new URL(url).searchParams.get('X-Amz-Signature');

describe('a presigned link', () => {
  it('carries everything that SigV4 wants in the query', () => {
    const url = new URL(presignUrl(request));
    expect(url.origin + url.pathname).toBe('http://127.0.0.1:9000/photos/cat.jpg');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request',
      'X-Amz-Date': '20130524T000000Z',
      'X-Amz-Expires': '900',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it.each([
    ['a b+c%2Fd', 'a%20b%2Bc%252Fd'],
    ["it's (1)!*.txt", 'it%27s%20%281%29%21%2A.txt'],
    ['a//b/', 'a//b/'],
    ['~-_.', '~-_.'],
    ['照片/😀', '%E7%85%A7%E7%89%87/%F0%9F%98%80'],
    ['q?x=1#f&y', 'q%3Fx%3D1%23f%26y'],
  ])('spells the key %j as %s', (key, encoded) => {
    expect(presignUrl({ ...request, key }).split('?')[0]).toBe(
      `http://127.0.0.1:9000/photos/${encoded}`,
    );
  });

  it.each([
    ['method', { method: 'PUT' as const }],
    ['key', { key: 'dog.jpg' }],
    ['host', { endpoint: new URL('http://localhost:9000') }],
    ['expiry', { expiresSeconds: 901 }],
    ['secret', { secretAccessKey: 'another' }],
  ])('has another signature for another %s', (_, change) => {
    expect(signatureOf(presignUrl({ ...request, ...change }))).not.toBe(
      signatureOf(presignUrl(request)),
    );
  });

  it('carries the version and the headers that begin with x-amz-, and signs the others', () => {
    const headers = new Map([
      ['x-amz-meta-title', "it's"],
      ['content-type', 'text/plain'],
    ]);
    const url = new URL(presignUrl({ ...request, method: 'PUT', versionId: 'v/1', headers }));
    expect(url.searchParams.get('versionId')).toBe('v/1');
    expect(url.searchParams.get('x-amz-meta-title')).toBe("it's");
    expect(url.searchParams.get('X-Amz-SignedHeaders')).toBe('content-type;host');
  });
});
