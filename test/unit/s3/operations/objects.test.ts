import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { anonymousCaller } from '../../../../src/core/access/anonymous.ts';
import { cat, withCat } from '../../../support/cat-object.ts';
import { createTestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

const { etag, lastModified } = cat;

describe('anonymous callers', () => {
  it.each([
    'GET /',
    'PUT /new-bucket',
    'GET /photos',
    'GET /photos/cat.jpg',
    'PUT /photos/cat.jpg',
    'DELETE /photos/cat.jpg',
  ])('%s is denied on a private bucket', async (line) => {
    const { core } = await withCat();
    expect((await send(core, line, { caller: anonymousCaller })).code).toBe('AccessDenied');
    expect(await core.keys()).toEqual(['cat.jpg']);
  });

  it.each<[string, Record<string, string>, string]>([
    ['POST /photos/b?uploads', {}, 'cannot initiate multipart uploads'],
    ['PUT /photos/b', { 'x-amz-copy-source': 'photos/cat.jpg' }, 'cannot copy objects'],
  ])('%s with %j is refused whatever is allowed', async (line, headers, message) => {
    const { core } = await withCat();
    const { code, facts } = await send(core, line, { headers, caller: anonymousCaller });
    expect([code, facts.message]).toEqual(['AccessDenied', expect.stringContaining(message)]);
  });
});

describe('PutObject', () => {
  it('answers with the ETag in quotes', async () => {
    const { response } = await withCat();
    expect(response).toMatchObject({ status: 200, headers: { etag }, text: '' });
  });

  it('echoes the checksum', async () => {
    const { response } = await withCat({ 'x-amz-checksum-crc32': 'nl5DqA==' });
    expect(response.headers).toMatchObject({
      'x-amz-checksum-crc32': 'nl5DqA==',
      'x-amz-checksum-type': 'FULL_OBJECT',
    });
  });

  it.each([
    [{ 'if-none-match': '*' }, 'PreconditionFailed'],
    [{ 'if-match': '"x"' }, 'PreconditionFailed'],
    [{ 'x-amz-storage-class': 'COLD' }, 'InvalidStorageClass'],
    [{ 'x-amz-meta-a': 'x'.repeat(2048) }, 'MetadataTooLarge'],
    [{ 'x-amz-checksum-crc32': 'AAAAAA==' }, 'BadDigest'],
  ])('%j over an object is %s', async (headers, code) => {
    const { core } = await withCat();
    const response = await send(core, 'PUT /photos/cat.jpg', {
      headers: headers as Record<string, string>,
      body: 'dog',
    });
    expect(response.code).toBe(code);
    expect((await send(core, 'GET /photos/cat.jpg')).text).toBe('cat');
  });

  it('If-Match on a key without object is NoSuchKey', async () => {
    const core = await createTestCore();
    const response = await send(core, 'PUT /photos/cat.jpg', { headers: { 'if-match': '"x"' } });
    expect(response).toMatchObject({ code: 'NoSuchKey', status: 404 });
  });
});

describe('what Kodo knows of an object', () => {
  it('when it is to be deleted is told, and disabled ones are refused', async () => {
    const { core } = await withCat();
    const request = { bucketId: core.bucket.id, key: 'cat.jpg', versionId: null };
    const expiresAtMs = Date.UTC(2024, 5, 1);
    await core.index.changeObject({ ...request, change: { expiresAtMs } });
    expect((await send(core, 'HEAD /photos/cat.jpg')).headers['x-amz-expiration']).toBe(
      'expiry-date="Sat, 01 Jun 2024 00:00:00 GMT", rule-id="deleteAfterDays"',
    );
    await core.index.changeObject({ ...request, change: { kodo: { isDisabled: true } } });
    for (const method of ['GET', 'HEAD']) {
      expect((await send(core, `${method} /photos/cat.jpg`)).code).toBe('AccessDenied');
    }
  });

  it('its empty key is nothing that S3 can name or list', async () => {
    const { core } = await withCat();
    await core.index.renameObject({
      ...{ bucketId: core.bucket.id, sourceKey: 'cat.jpg', key: '', token: null },
    });
    const listed = await send(core, 'GET /photos');
    expect(listed.xml('ListBucketResult').list('Contents')).toEqual([]);
    const body = '<Delete><Object><Key></Key></Object></Delete>';
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
    const deleted = await send(core, 'POST /photos?delete', { body, headers });
    expect(deleted.code).toBe('MalformedXML');
    const copied = { 'x-amz-copy-source': 'photos/' };
    expect((await send(core, 'PUT /photos/b', { headers: copied })).code).toBe('InvalidArgument');
  });
});

describe('GetObject and HeadObject', () => {
  it('answer with the headers of the object', async () => {
    const { core } = await withCat();
    const headers = {
      'content-length': 3,
      'content-type': 'binary/octet-stream',
      'accept-ranges': 'bytes',
      'last-modified': lastModified,
      etag,
    };
    const got = await send(core, 'GET /photos/cat.jpg');
    expect(got).toMatchObject({ status: 200, text: 'cat', headers });
    expect(got.headers).not.toHaveProperty('x-amz-storage-class');
    expect(got.headers['content-range']).toBeUndefined();
    const headed = await send(core, 'HEAD /photos/cat.jpg');
    expect(headed).toMatchObject({ status: 200, text: '', headers });
  });

  it('give back system headers and user metadata as octets', async () => {
    const headers = {
      'cache-control': 'max-age=5',
      'content-disposition': `attachment; filename="${Buffer.from('猫.jpg').toString('latin1')}"`,
      'content-encoding': 'gzip',
      'content-language': 'de',
      'content-type': 'image/jpeg',
      expires: 'Thu, 01 Dec 1994 16:00:00 GMT',
      'x-amz-storage-class': 'GLACIER',
      'x-amz-website-redirect-location': '/dog',
      'x-amz-meta-name': Buffer.from('猫 é').toString('latin1'),
      'x-amz-meta-__proto__': 'p',
      'x-amz-meta-constructor': 'c',
      'x-amz-meta-empty': '',
    };
    const { core } = await withCat(headers);
    const response = await send(core, 'HEAD /photos/cat.jpg');
    expect(response.headers).toMatchObject(headers);
    expect(Object.hasOwn(response.headers, 'x-amz-meta-__proto__')).toBe(true);
  });

  it('keep a Content-Encoding as it was given', async () => {
    const { core } = await withCat({ 'content-encoding': 'deflate, gzip' });
    const { headers } = await send(core, 'HEAD /photos/cat.jpg');
    expect(headers['content-encoding']).toBe('deflate, gzip');
  });

  it('do not keep aws-chunked', async () => {
    const { core } = await withCat({ 'content-encoding': 'aws-chunked, gzip,AWS-chunked' });
    const { headers } = await send(core, 'HEAD /photos/cat.jpg');
    expect(headers['content-encoding']).toBe('gzip');
    await send(core, 'PUT /photos/cat.jpg', { headers: { 'content-encoding': 'aws-chunked' } });
    const again = await send(core, 'HEAD /photos/cat.jpg');
    expect(again.headers).not.toHaveProperty('content-encoding');
  });

  it.each([
    ['bytes=1-1', 206, 'a', 'bytes 1-1/3'],
    ['bytes=1-', 206, 'at', 'bytes 1-2/3'],
    ['bytes=-2', 206, 'at', 'bytes 1-2/3'],
    ['bytes=0-99', 206, 'cat', 'bytes 0-2/3'],
    ['bytes=0-0,2-2', 200, 'cat', undefined],
    ['bytes=2-1', 200, 'cat', undefined],
    ['nonsense', 200, 'cat', undefined],
  ])('Range %s is %d', async (range, status, text, contentRange) => {
    const { core } = await withCat();
    const got = await send(core, 'GET /photos/cat.jpg', { headers: { range } });
    expect(got).toMatchObject({ status, text });
    expect(got.headers['content-range']).toBe(contentRange);
    expect(got.headers['content-length']).toBe(text.length);
    const headed = await send(core, 'HEAD /photos/cat.jpg', { headers: { range } });
    expect(headed).toMatchObject({ status, headers: { 'content-length': text.length } });
  });

  it('an unsatisfiable Range is 416 with the size', async () => {
    const { core } = await withCat();
    const response = await send(core, 'GET /photos/cat.jpg', { headers: { range: 'bytes=3-' } });
    expect(response).toMatchObject({
      status: 416,
      code: 'InvalidRange',
      facts: { ActualObjectSize: 3, RangeRequested: 'bytes=3-' },
    });
  });

  it.each([
    [{ 'if-match': etag }, 200],
    [{ 'if-match': '"x"' }, 412],
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': `W/${etag}` }, 304],
    [{ 'if-none-match': '"x"' }, 200],
    [{ 'if-modified-since': lastModified }, 304],
    [{ 'if-modified-since': 'nonsense' }, 200],
    [{ 'if-unmodified-since': lastModified }, 200],
    [{ 'if-unmodified-since': 'Mon, 01 Jan 1990 00:00:00 GMT' }, 412],
    [{ 'if-match': etag, 'if-unmodified-since': 'Mon, 01 Jan 1990 00:00:00 GMT' }, 200],
    [{ 'if-none-match': '"x"', 'if-modified-since': lastModified }, 200],
  ])('%j is %d', async (headers, status) => {
    const { core } = await withCat();
    for (const method of ['GET', 'HEAD']) {
      const options = { headers: headers as Record<string, string> };
      expect((await send(core, `${method} /photos/cat.jpg`, options)).status).toBe(status);
    }
  });

  it('304 has the headers that caches need and no body', async () => {
    const { core } = await withCat({ 'cache-control': 'no-cache', 'content-type': 'image/jpeg' });
    const options = { headers: { 'if-none-match': etag } };
    const { headers, text } = await send(core, 'GET /photos/cat.jpg', options);
    expect({ ...headers, text }).toEqual({
      'cache-control': 'no-cache',
      expires: undefined,
      etag,
      'last-modified': lastModified,
      text: '',
    });
  });

  it('give the checksum on request, and only for all bytes', async () => {
    const { core } = await withCat({ 'x-amz-checksum-crc32': 'nl5DqA==' });
    const checksum = async (headers: Record<string, string>) =>
      (await send(core, 'GET /photos/cat.jpg', { headers })).headers['x-amz-checksum-crc32'];
    const mode = { 'x-amz-checksum-mode': 'ENABLED' };
    expect(await checksum({})).toBeUndefined();
    expect(await checksum(mode)).toBe('nl5DqA==');
    expect(await checksum({ ...mode, range: 'bytes=0-1' })).toBeUndefined();
    expect(await checksum({ ...mode, range: 'bytes=0-2' })).toBe('nl5DqA==');
  });

  it('response-* parameters replace headers', async () => {
    const { core } = await withCat({ 'content-type': 'image/jpeg' });
    const line =
      'GET /photos/cat.jpg?response-content-type=text/plain&response-content-disposition=%E7%8C%AB&response-expires=0&response-cache-control=no-store&response-content-language=de&response-content-encoding=br';
    expect((await send(core, line)).headers).toMatchObject({
      'content-type': 'text/plain',
      'content-disposition': Buffer.from('猫').toString('latin1'),
      expires: '0',
      'cache-control': 'no-store',
      'content-language': 'de',
      'content-encoding': 'br',
    });
  });

  it('response-* parameters cannot end a header', async () => {
    const { core } = await withCat();
    const line = 'GET /photos/cat.jpg?response-content-type=a%0D%0Ax-evil:%201';
    expect((await send(core, line)).code).toBe('InvalidArgument');
  });

  it.each([
    ['partNumber=1', {}, 206],
    ['partNumber=2', {}, 416],
    ['partNumber=0', {}, 400],
    ['partNumber=10001', {}, 400],
    ['partNumber=x', {}, 400],
    ['partNumber=1', { range: 'bytes=0-0' }, 400],
    ['versionId=null', {}, 200],
    ['versionId=v1', {}, 400],
    [`versionId=${'v'.repeat(32)}`, {}, 404],
  ])('%s with %j is %d', async (query, headers, status) => {
    const { core } = await withCat();
    const options = { headers: headers as Record<string, string> };
    expect((await send(core, `GET /photos/cat.jpg?${query}`, options)).status).toBe(status);
  });

  it('of an empty object have length 0, also as part 1', async () => {
    const core = await createTestCore();
    await send(core, 'PUT /photos/empty');
    for (const line of ['GET /photos/empty', 'GET /photos/empty?partNumber=1']) {
      const response = await send(core, line);
      expect(response).toMatchObject({ status: 200, headers: { 'content-length': 0 }, text: '' });
    }
  });

  it('of no object is NoSuchKey', async () => {
    const core = await createTestCore();
    expect(await send(core, 'GET /photos/none')).toMatchObject({
      status: 404,
      code: 'NoSuchKey',
      facts: { Key: 'none' },
    });
  });
});
