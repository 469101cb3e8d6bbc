import { describe, expect, it } from 'vitest';
import { cat, withCat } from '../../../support/cat-object.ts';
import type { createTestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

const { etag, lastModified } = cat;

describe('CopyObject', () => {
  const copy = (core: Awaited<ReturnType<typeof createTestCore>>, headers = {}) =>
    send(core, 'PUT /photos/copy.jpg', {
      headers: { 'x-amz-copy-source': '/photos/cat.jpg', ...headers },
    });

  it('answers with ETag and time', async () => {
    const { core } = await withCat({ 'x-amz-meta-name': 'cat' });
    const result = (await copy(core)).xml('CopyObjectResult');
    expect(result.textOf('ETag')).toBe(etag);
    expect(result.textOf('LastModified')).toBe('2024-01-01T00:00:00.000Z');
    const got = await send(core, 'GET /photos/copy.jpg');
    expect(got).toMatchObject({ text: 'cat', headers: { 'x-amz-meta-name': 'cat' } });
  });

  it.each([
    [{ 'x-amz-copy-source-if-match': '"x"' }, 412],
    [{ 'x-amz-copy-source-if-none-match': etag }, 412],
    [{ 'x-amz-copy-source-if-modified-since': lastModified }, 412],
    [{ 'x-amz-copy-source-if-unmodified-since': lastModified }, 200],
    [{ 'x-amz-copy-source': 'photos' }, 400],
    [{ 'x-amz-copy-source': 'photos/none' }, 404],
    [{ 'x-amz-copy-source': 'none/none' }, 404],
    [{ 'x-amz-metadata-directive': 'KEEP' }, 400],
    [{ 'x-amz-metadata-directive': 'REPLACE' }, 200],
  ])('%j is %d', async (headers, status) => {
    const { core } = await withCat();
    expect((await copy(core, headers)).status).toBe(status);
  });
});

describe('DeleteObject', () => {
  it('is 204, also for nothing', async () => {
    const { core } = await withCat();
    expect((await send(core, 'DELETE /photos/cat.jpg')).status).toBe(204);
    expect((await send(core, 'DELETE /photos/cat.jpg')).status).toBe(204);
    expect(await core.keys()).toEqual([]);
  });

  it.each([
    [{ 'if-match': etag }, 204],
    [{ 'if-match': '*' }, 204],
    [{ 'if-match': '"x"' }, 412],
    [{ 'if-match': `W/${etag}` }, 412],
    [{ 'x-amz-if-match-last-modified-time': lastModified }, 204],
    [{ 'x-amz-if-match-last-modified-time': '2024-01-01T00:00:00Z' }, 204],
    [{ 'x-amz-if-match-last-modified-time': 'Mon, 01 Jan 2024 00:00:01 GMT' }, 412],
    [{ 'x-amz-if-match-last-modified-time': 'yesterday' }, 400],
    [{ 'x-amz-if-match-size': '3' }, 204],
    [{ 'x-amz-if-match-size': '4' }, 412],
    [{ 'x-amz-if-match-size': '-1' }, 400],
    [{ 'if-match': etag, 'x-amz-if-match-size': '4' }, 412],
  ])('%j is %d', async (headers, status) => {
    const { core } = await withCat();
    const response = await send(core, 'DELETE /photos/cat.jpg', {
      headers: headers as Record<string, string>,
    });
    expect(response.status).toBe(status);
    expect(await core.keys()).toEqual(status === 204 ? [] : ['cat.jpg']);
  });
});

describe('DeleteObjects', () => {
  const headers = { 'content-md5': 'verified before' };
  const del = (core: Awaited<ReturnType<typeof createTestCore>>, inner: string) =>
    send(core, 'POST /photos?delete', { headers, body: `<Delete>${inner}</Delete>` });

  it('tells for each key what became of it', async () => {
    const { core } = await withCat();
    const long = 'k'.repeat(1025);
    const response = await del(
      core,
      `<Object><Key>cat.jpg</Key></Object><Object><Key>a&amp;b</Key><VersionId>null</VersionId></Object><Object><Key>${long}</Key></Object>`,
    );
    const result = response.xml('DeleteResult');
    expect(result.list('Deleted').map((item) => item.textOf('Key'))).toEqual(['cat.jpg', 'a&b']);
    expect(result.list('Deleted')[1]?.textOf('VersionId')).toBe('null');
    const [error] = result.list('Error');
    expect(error?.textOf('Key')).toBe(long);
    expect(error?.textOf('Code')).toBe('KeyTooLongError');
    expect(error?.textOf('Message')).toMatch(/key/i);
    expect(await core.keys()).toEqual([]);
  });

  it('quiet tells errors only', async () => {
    const { core } = await withCat();
    const inner = `<Quiet>true</Quiet><Object><Key>cat.jpg</Key></Object><Object><Key>b</Key><VersionId>v</VersionId></Object>`;
    const result = (await del(core, inner)).xml('DeleteResult');
    expect(result.list('Deleted')).toEqual([]);
    expect(result.list('Error')).toHaveLength(1);
    expect(await core.keys()).toEqual([]);
  });

  it('takes 1000 keys and no more', async () => {
    const { core } = await withCat();
    const object = '<Object><Key>k</Key></Object>';
    expect((await del(core, object.repeat(1000))).status).toBe(200);
    expect((await del(core, object.repeat(1001))).code).toBe('MalformedXML');
  });

  it.each([
    ['', 'MalformedXML'],
    ['<Object></Object>', 'MalformedXML'],
    ['<Object><Key></Key></Object>', 'MalformedXML'],
    ['<Object><Key>cat.jpg</Key><IfNewer>1</IfNewer></Object>', 'NotImplemented'],
    ['<Object><Key>cat.jpg</Key><Size>big</Size></Object>', 'InvalidArgument'],
  ])('%j is %s and deletes nothing', async (inner, code) => {
    const { core } = await withCat();
    expect((await del(core, inner)).code).toBe(code);
    expect(await core.keys()).toEqual(['cat.jpg']);
  });

  it.each([
    [`<ETag>${etag.replaceAll('"', '&quot;')}</ETag>`, null],
    ['<ETag>x</ETag>', 'PreconditionFailed'],
    [`<LastModifiedTime>${lastModified}</LastModifiedTime>`, null],
    ['<LastModifiedTime>2015-01-01T00:00:00Z</LastModifiedTime>', 'PreconditionFailed'],
    ['<Size>3</Size>', null],
    ['<Size>4</Size>', 'PreconditionFailed'],
  ])('of an object with %s tells %s', async (condition, code) => {
    const { core } = await withCat();
    const response = await del(core, `<Object><Key>cat.jpg</Key>${condition}</Object>`);
    const [error] = response.xml('DeleteResult').list('Error');
    expect(error?.textOf('Code') ?? null).toBe(code);
    expect(await core.keys()).toEqual(code === null ? [] : ['cat.jpg']);
  });

  it('needs a digest of the list', async () => {
    const { core } = await withCat();
    const list = '<Delete><Object><Key>cat.jpg</Key></Object></Delete>';
    const response = await send(core, 'POST /photos?delete', { body: list });
    expect(response.code).toBe('InvalidRequest');
    const trailer = { 'x-amz-trailer': 'x-amz-checksum-crc32' };
    const guarded = await send(core, 'POST /photos?delete', { headers: trailer, body: list });
    expect(guarded.status).toBe(200);
  });
});
