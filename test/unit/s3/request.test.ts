import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOfHost, parseTarget } from '../../../src/s3/request.ts';

const domains = ['s3.example.com', 'eu.s3.example.com'];

function parse(target: string, host: string | null = 'localhost:9000') {
  const { bucketName, key, path } = parseTarget(target, host, domains);
  return { bucketName, key, path };
}

describe('parseTarget', () => {
  it.each([
    ['/', null, null],
    ['/photos', 'photos', null],
    ['/photos/', 'photos', null],
    ['/photos/cat.jpg', 'photos', 'cat.jpg'],
    ['/photos//cat', 'photos', '/cat'],
    ['/photos/a//b', 'photos', 'a//b'],
    ['/photos/a/../b', 'photos', 'a/../b'],
    ['/photos/../b', 'photos', '../b'],
    ['/photos/./', 'photos', './'],
    ['/photos/dir/', 'photos', 'dir/'],
    ['/photos/a%2Fb', 'photos', 'a/b'],
    ['/photos/%2e%2e%2f', 'photos', '../'],
    ['/photos/a+b', 'photos', 'a+b'],
    ['/photos/a%2Bb%20c', 'photos', 'a+b c'],
    ['/photos/100%25', 'photos', '100%'],
    ['/photos/%F0%9F%98%80', 'photos', '😀'],
    ['/photos/%01%0A%7F', 'photos', '\u0001\n\u007f'],
    ['/photos/a\\b', 'photos', 'a\\b'],
    ['/photos/a%3Fb?acl', 'photos', 'a?b'],
  ])('%s is bucket %s, key %s', (target, bucketName, key) => {
    expect(parse(target)).toMatchObject({ bucketName, key });
  });

  it('keeps the path as received for the signature', () => {
    expect(parse('/photos/a%2fb/%7E?x=1').path).toBe('/photos/a%2fb/%7E');
  });

  it.each([
    ['/photos/cat', 'photos.s3.example.com', 'photos', 'photos/cat'],
    ['/', 'photos.s3.example.com', 'photos', null],
    ['/cat', 'Photos.S3.Example.COM:9000', 'photos', 'cat'],
    ['//cat', 'photos.s3.example.com.', 'photos', '/cat'],
    ['/cat', 'my.photos.s3.example.com', 'my.photos', 'cat'],
    ['/cat', 'photos.eu.s3.example.com', 'photos', 'cat'],
  ])('%s at %s is bucket %s, key %s', (target, host, bucketName, key) => {
    expect(parse(target, host)).toMatchObject({ bucketName, key });
  });

  it.each([
    's3.example.com',
    'eu.s3.example.com:9000',
    '.s3.example.com',
    'xs3.example.com',
    'other.example.com',
    'localhost',
    '127.0.0.1:9000',
    '[::1]:9000',
    '',
    null,
  ])('stays path style at host %s', (host) => {
    expect(parse('/photos/cat', host)).toMatchObject({ bucketName: 'photos', key: 'cat' });
  });

  it('takes the absolute form, whose authority stands for the host', () => {
    expect(parse('http://photos.s3.example.com/a?acl', 'localhost')).toMatchObject({
      bucketName: 'photos',
      key: 'a',
      path: '/a',
    });
    expect(parse('http://localhost')).toMatchObject({ bucketName: null, path: '/' });
  });

  it.each([
    ['a lone percent sign', '/photos/100%'],
    ['a bad escape', '/photos/%zz'],
    ['bytes that are no UTF-8', '/photos/%ff'],
    ['an overlong form', '/photos/%c0%af'],
    ['half a surrogate pair', '/photos/%ed%a0%80'],
    ['NUL', '/photos/a%00b'],
    ['no leading slash', '*'],
    ['a fragment', '/photos/a#b'],
    ['a bad escape in the bucket', '/pho%tos/a'],
    ['a bad escape in the query', '/photos?prefix=%ff'],
    ['NUL in the query', '/photos?prefix=%00'],
  ])('refuses %s', (_what, target) => {
    expect(() => parse(target)).toThrow(expect.objectContaining({ code: 'InvalidURI' }));
  });

  it('refuses an empty bucket name', () => {
    expect(() => parse('//cat')).toThrow(expect.objectContaining({ code: 'InvalidBucketName' }));
  });

  it('counts the length of a key in UTF-8 bytes', () => {
    const key = encodeURIComponent('é'.repeat(512));
    expect(parse(`/photos/${key}`).key).toHaveLength(512);
    expect(() => parse(`/photos/${key}a`)).toThrow(
      expect.objectContaining({ code: 'KeyTooLongError' }),
    );
  });

  it('gives back every key that a client encoded', () => {
    // fast-check's own alphabet of all Unicode takes seconds to set up.
    const codePoint = fc.oneof(
      fc.integer({ min: 1, max: 0xd7ff }),
      fc.integer({ min: 0xe000, max: 0x10ffff }),
    );
    const keys = fc
      .array(codePoint, { minLength: 1, maxLength: 60 })
      .map((codePoints) => String.fromCodePoint(...codePoints));
    fc.assert(
      fc.property(keys, (key) => {
        expect(parse(`/photos/${encodeURIComponent(key)}`).key).toBe(key);
      }),
    );
  });
});

describe('bucketOfHost', () => {
  it('knows no virtual hosts without domains', () => {
    expect(bucketOfHost('photos.s3.example.com', [])).toBeNull();
  });
});
