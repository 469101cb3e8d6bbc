import { describe, expect, it } from 'vitest';
import { BlobStoreError } from '../../../src/blob-store/blob-store.ts';
import { GatewayError } from '../../../src/core/errors.ts';
import { FilesError, renderFailure, toFilesError } from '../../../src/files/errors.ts';

describe('statuses', () => {
  it.each([
    [new FilesError(404, 'gone'), 404, 'gone'],
    [new BlobStoreError('unavailable', 'no storage server'), 502, null],
    [new BlobStoreError('no-space', 'full'), 507, null],
    [new BlobStoreError('corrupt', 'wrong bytes'), 500, null],
    [new GatewayError('SlowDown'), 503, null],
    [new GatewayError('InvalidRequest', { message: 'twice' }), 400, 'twice'],
    [new TypeError('a mistake of ours'), 500, null],
  ])('%s is %d', (thrown, status, message) => {
    const error = toFilesError(thrown);
    expect(error.status).toBe(status);
    if (message !== null) expect(error.message).toBe(message);
    else expect(error.message).not.toContain((thrown as Error).message || 'nothing');
  });

  it('says when to come again', () => {
    expect(toFilesError(new GatewayError('SlowDown')).headers).toEqual({ 'retry-after': '1' });
  });
});

describe('answers', () => {
  it.each([
    [undefined, 'text/html'],
    ['*/*', 'text/html'],
    ['text/html,application/json', 'text/html'],
    ['application/json', 'application/json'],
    ['application/problem+json', 'application/json'],
  ])('to Accept: %s', (accept, type) => {
    const { headers } = renderFailure(new FilesError(404, 'gone'), accept);
    expect(headers?.['content-type']).toContain(type);
    expect(headers?.['cache-control']).toBe('no-store');
  });

  it('nothing of the message is markup', () => {
    const { body } = renderFailure(new FilesError(400, '<script>&"'), undefined);
    expect(body).toContain('&#60;script&#62;&#38;&#34;');
  });
});
