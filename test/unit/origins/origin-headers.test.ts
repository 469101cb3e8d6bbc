import { describe, expect, it } from 'vitest';
import { privateLink } from '../../../src/origins/http-origin.ts';
import { fittingMetadata, headOf } from '../../../src/origins/origin-headers.ts';

const md5 = 'd41d8cd98f00b204e9800998ecf8427e';

describe('headOf', () => {
  it('keeps what describes the object, and nothing else', () => {
    const { description } = headOf(
      {
        'content-type': 'text/html',
        'cache-control': 'max-age=1',
        'content-disposition': 'attachment',
        'content-encoding': 'gzip',
        'content-language': 'de',
        expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
        'x-amz-meta-a': '1',
        'x-qn-meta-b': '2',
        'set-cookie': ['secret=1'],
        'x-amz-storage-class': 'GLACIER',
        server: 'nginx',
      },
      'http',
    );
    expect(description).toEqual({
      headers: {
        'content-type': 'text/html',
        'cache-control': 'max-age=1',
        'content-disposition': 'attachment',
        'content-encoding': 'gzip',
        'content-language': 'de',
        expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
      },
      userMetadata: { a: '1', b: '2' },
    });
  });

  it('does not keep the Content-Disposition that Kodo makes up', () => {
    const headers = { 'content-disposition': 'inline; filename="x"' };
    expect(headOf(headers, 'qiniu').description.headers).toEqual({});
  });

  it.each([
    ['0', 0],
    ['17', 17],
    ['9007199254740993', null],
    ['-1', null],
    ['1e3', null],
    ['', null],
  ])('reads the length %j as %s', (length, size) => {
    expect(headOf({ 'content-length': length }, 'http').size).toBe(size);
  });

  it('reads dates, and takes others for none', () => {
    const of = (date: string) => headOf({ 'last-modified': date }, 'http').lastModifiedMs;
    expect(of('Tue, 05 Dec 2023 10:00:00 GMT')).toBe(Date.UTC(2023, 11, 5, 10));
    expect(of('yesterday')).toBeNull();
  });

  it('takes an ETag for an MD5 only from what speaks S3 and encrypts nothing', () => {
    const etag = `"${md5}"`;
    const isMd5 = (headers: Record<string, string>) => headOf({ etag, ...headers }, 'http').md5;
    expect(isMd5({})).toBeNull();
    expect(isMd5({ 'x-amz-request-id': '1' })?.toString('hex')).toBe(md5);
    expect(isMd5({ 'x-amz-request-id': '1', etag: etag.toUpperCase() })?.toString('hex')).toBe(md5);
    expect(isMd5({ 'x-amz-request-id': '1', etag: `"${md5}-2"` })).toBeNull();
    const kms = { 'x-amz-server-side-encryption': 'aws:kms' };
    expect(isMd5({ 'x-amz-request-id': '1', ...kms })).toBeNull();
    const sse = { 'x-amz-server-side-encryption': 'AES256' };
    expect(isMd5({ 'x-amz-request-id': '1', ...sse })).not.toBeNull();
  });

  it('reads Content-MD5, and takes what is none for none', () => {
    const of = (value: string) => headOf({ 'content-md5': value }, 'http').md5?.toString('hex');
    expect(of(Buffer.from(md5, 'hex').toString('base64'))).toBe(md5);
    expect(of('short')).toBeUndefined();
  });

  it('takes the hash of a Kodo for one only there', () => {
    const etag = '"Fto5o-5ea0sNMlW_75VgGJCv2AcJ"';
    expect(headOf({ etag }, 'qiniu').qetag).toBe('Fto5o-5ea0sNMlW_75VgGJCv2AcJ');
    expect(headOf({ etag }, 'http').qetag).toBeNull();
    expect(headOf({ etag: `W/${etag}` }, 'qiniu').qetag).toBeNull();
    expect(headOf({ etag: `"${md5}"` }, 'qiniu').qetag).toBeNull();
  });
});

it('user metadata ends where an object can have no more', () => {
  const entries = [
    ['a', 'x'.repeat(2000)],
    ['b', 'x'.repeat(46)],
    ['c', ''],
  ] as const;
  expect(Object.keys(fittingMetadata(entries))).toEqual(['a', 'b']);
});

it.each([
  ['http://127.0.0.1:9000/dir/hello.txt', 'E9h6Ip6zDhXDQV6Y3aUR8eC4mGM='],
  [
    'http://img.example.com/%E5%9B%BE%E7%89%87/%E4%B8%83%20%E7%89%9B.jpg',
    'vPZpbgQbkRNdxMjwk6Wkpb8VKjg=',
  ],
])('the link to the private file %s is signed as by the SDK of Kodo', (url, signature) => {
  const keyPair = { accessKeyId: 'MY_ACCESS_KEY', secretAccessKey: 'MY_SECRET_KEY' };
  expect(privateLink(url, keyPair, 1_893_456_000)).toBe(
    `${url}?e=1893456000&token=MY_ACCESS_KEY:${signature}`,
  );
});
