import { describe, expect, it } from 'vitest';
import { ReceivedHeaders } from '../../../src/http/request-headers.ts';
import { parseCopySource, parseCopySourceRange } from '../../../src/s3/copy-source.ts';

const source = (value: string) =>
  parseCopySource(ReceivedHeaders.parse(['x-amz-copy-source', value]));
const range = (value: string) =>
  parseCopySourceRange(ReceivedHeaders.parse(['x-amz-copy-source-range', value]));

describe('x-amz-copy-source', () => {
  it.each([
    ['photos/cat.jpg', 'photos', 'cat.jpg', null],
    ['/photos/cat.jpg', 'photos', 'cat.jpg', null],
    ['photos/a/b//c', 'photos', 'a/b//c', null],
    ['photos//a', 'photos', '/a', null],
    ['photos%2Fcat.jpg', 'photos', 'cat.jpg', null],
    ['photos/cat%20%2B%3F%25.jpg', 'photos', 'cat +?%.jpg', null],
    ['photos/a+b', 'photos', 'a b', null],
    ['photos/%E7%8C%AB', 'photos', '猫', null],
    [Buffer.from('photos/猫').toString('latin1'), 'photos', '猫', null],
    ['photos/cat.jpg?versionId=null', 'photos', 'cat.jpg', 'null'],
    ['photos/cat%3FversionId=1?versionId=2', 'photos', 'cat?versionId=1', '2'],
    ['photos/cat.jpg?other', 'photos', 'cat.jpg?other', null],
    ['photos/a%0Ab', 'photos', 'a\nb', null],
  ])('%s', (value, bucketName, key, versionId) => {
    expect(source(value)).toEqual({
      ...{ bucketName, key, versionId, conditions: {}, expectedBucketOwner: null },
    });
  });

  it.each(['', '/', 'photos', 'photos/', '/photos/', '//cat', 'photos/%', 'photos/%FF'])(
    '%j is refused',
    (value) => {
      expect(() => source(value)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
    },
  );
});

describe('x-amz-copy-source-range', () => {
  it('is null when it is left out', () => {
    expect(parseCopySourceRange(ReceivedHeaders.parse([]))).toBeNull();
  });

  it('names first and last byte', () => {
    expect(range('bytes=0-9')).toEqual({ first: 0, last: 9 });
  });

  it.each([
    '',
    '0-9',
    'bytes=0-',
    'bytes=-9',
    'bytes=9-0',
    'bytes=0-1,2-3',
    'bytes=a-b',
    'bytes=0-9 ',
  ])('%j is refused', (value) => {
    expect(() => range(value)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  });
});
