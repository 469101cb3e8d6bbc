import { describe, expect, it } from 'vitest';
import { ReceivedHeaders } from '../../../src/http/request-headers.ts';
import { refuseUnsupportedHeaders } from '../../../src/s3/unsupported-headers.ts';

function check(name: string, value: string, operationName = 'PutObject') {
  return () => refuseUnsupportedHeaders(ReceivedHeaders.parse([name, value]), operationName);
}

describe('refuseUnsupportedHeaders', () => {
  it.each([
    ['x-amz-server-side-encryption', 'AES256'],
    ['x-amz-server-side-encryption', 'aws:kms'],
    ['X-Amz-Server-Side-Encryption-Customer-Algorithm', 'AES256'],
    ['x-amz-copy-source-server-side-encryption-customer-key', 'a'],
    ['x-amz-rename-source', 'a'],
    ['x-amz-if-match-initiated-time', 'Wed, 21 Oct 2015 07:28:00 GMT'],
  ])('refuses %s: %s', (name, value) => {
    expect(check(name, value)).toThrow(expect.objectContaining({ code: 'NotImplemented' }));
  });

  it.each([
    ['x-amz-write-offset-bytes', 'UploadPart', 'PutObject'],
    ['x-amz-rename-source', 'CopyObject', 'RenameObject'],
    ['if-none-match', 'CreateMultipartUpload', 'CompleteMultipartUpload'],
    ['if-match', 'UploadPart', 'PutObject'],
  ])('refuses %s for %s, not for %s', (name, refusing, taking) => {
    expect(check(name, '5', refusing)).toThrow(expect.objectContaining({ code: 'NotImplemented' }));
    expect(check(name, '5', taking)).not.toThrow();
  });

  it('refuses a delete on a condition that S3 has not, which would delete regardless', () => {
    expect(check('if-none-match', '"a"', 'DeleteObject')).toThrow(
      expect.objectContaining({ code: 'NotImplemented' }),
    );
  });

  it.each([
    ['x-amz-acl', 'public-read'],
    ['x-amz-object-lock-mode', 'COMPLIANCE'],
    ['x-amz-bucket-object-lock-enabled', 'true'],
    ['x-amz-meta-tagging', 'a'],
    ['x-amz-tagging', 'a=b'],
    ['x-amz-tagging-directive', 'COPY'],
    ['x-amz-checksum-crc32', 'AAAAAA=='],
    ['if-match', '"a"'],
    ['if-none-match', '*'],
  ])('lets %s: %s pass', (name, value) => {
    expect(check(name, value)).not.toThrow();
  });
});
