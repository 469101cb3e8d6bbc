import { describe, expect, it } from 'vitest';
import { BlobStoreError } from '../../../src/blob-store/blob-store.ts';
import { GatewayError } from '../../../src/core/errors.ts';
import { errorEntry } from '../../../src/http/errors.ts';
import { toGatewayError } from '../../../src/http/to-gateway-error.ts';
import { IndexError } from '../../../src/object-index/object-index.ts';
import { errorHeaders, renderError } from '../../../src/s3/error-document.ts';

const context = { resource: '/photos/a<b', requestId: 'R1', hostId: 'H1' };

describe('renderError', () => {
  it('is the document of AWS: code, message, facts, resource and ids', () => {
    const error = new GatewayError('NoSuchBucket', { BucketName: 'photos' });
    expect(renderError(error, context)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchBucket</Code>' +
        '<Message>The specified bucket does not exist</Message><BucketName>photos</BucketName>' +
        '<Resource>/photos/a&lt;b</Resource><RequestId>R1</RequestId><HostId>H1</HostId></Error>',
    );
  });

  it("lets the error's own message replace the table's", () => {
    const error = new GatewayError('InvalidArgument', { message: 'max-keys is no number' });
    expect(renderError(error, context)).toContain('<Message>max-keys is no number</Message>');
  });

  it('names a group that no tracker lists', () => {
    const error = toGatewayError(new BlobStoreError('no-such-group', 'No tracker lists group9.'));
    expect(renderError(error, context)).toContain('<Message>No tracker lists group9.</Message>');
  });

  it('tells nothing of the cause of an internal error', () => {
    const error = toGatewayError(new Error('password=hunter2'));
    expect(error.cause).toBeInstanceOf(Error);
    expect(renderError(error, context)).not.toContain('hunter2');
  });
});

describe('toGatewayError', () => {
  it.each([
    [new BlobStoreError('unavailable', 'x'), 'ServiceUnavailable', 503],
    [new BlobStoreError('no-such-group', 'x'), 'ServiceUnavailable', 503],
    [new BlobStoreError('no-space', 'x'), 'InsufficientStorage', 507],
    [new BlobStoreError('not-found', 'x'), 'InternalError', 500],
    [new BlobStoreError('corrupt', 'x'), 'InternalError', 500],
    [new IndexError('overloaded', 'x'), 'SlowDown', 503],
    [new IndexError('full', 'x'), 'ServiceUnavailable', 503],
    [new IndexError('failed', 'x'), 'InternalError', 500],
    [new TypeError('x'), 'InternalError', 500],
    ['thrown text', 'InternalError', 500],
    [new GatewayError('NoSuchKey'), 'NoSuchKey', 404],
  ])('turns %s into %s, %i', (thrown, code, httpStatus) => {
    const error = toGatewayError(thrown);
    expect(error.code).toBe(code);
    expect(errorEntry(error.code).httpStatus).toBe(httpStatus);
  });
});

describe('errorHeaders', () => {
  it.each([
    [new GatewayError('ServiceUnavailable'), { 'retry-after': 5 }],
    [new GatewayError('SlowDown'), { 'retry-after': 1 }],
    [new GatewayError('MethodNotAllowed', { Allow: 'GET, HEAD' }), { allow: 'GET, HEAD' }],
    [new GatewayError('InvalidRange', { ActualObjectSize: 7 }), { 'content-range': 'bytes */7' }],
    [new GatewayError('NoSuchKey'), {}],
  ])('of %s', (error, headers) => {
    expect(errorHeaders(error)).toEqual(headers);
  });
});
