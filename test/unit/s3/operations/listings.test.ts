import { describe, expect, it } from 'vitest';
import type { XmlElement } from '../../../../src/s3/xml.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { send } from '../../../support/s3-operations.ts';

const keys = ['a', 'b/1', 'b/2', 'c d', 'é', 'ctrl\u0001'];

async function withKeys(): Promise<TestCore> {
  const core = await createTestCore();
  for (const key of keys) {
    await send(core, `PUT /photos/${encodeURIComponent(key)}`, { body: key });
  }
  return core;
}

const keysOf = (result: XmlElement, element = 'Contents') =>
  result.list(element).map((item) => item.textOf('Key'));
const prefixesOf = (result: XmlElement) =>
  result.list('CommonPrefixes').map((item) => item.textOf('Prefix'));

describe('ListObjects', () => {
  const list = async (core: TestCore, query: string) =>
    (await send(core, `GET /photos?${query}`)).xml('ListBucketResult');

  it('gives each object with owner, size, time and class', async () => {
    const core = await withKeys();
    const result = await list(core, 'max-keys=1');
    const [object] = result.list('Contents');
    expect(object?.textOf('Key')).toBe('a');
    expect(object?.textOf('LastModified')).toBe('2024-01-01T00:00:00.000Z');
    expect(object?.textOf('ETag')).toBe('"0cc175b9c0f1b6a831c399e269772661"');
    expect(object?.textOf('Size')).toBe('1');
    expect(object?.textOf('StorageClass')).toBe('STANDARD');
    expect(object?.find('Owner')?.textOf('ID')).toBe(core.alice.userId);
    expect(object?.find('Owner')?.textOf('DisplayName')).toBe('alice');
    expect(result.textOf('Name')).toBe('photos');
    expect(result.textOf('MaxKeys')).toBe('1');
    expect(result.textOf('IsTruncated')).toBe('true');
  });

  it('names the next marker only when there is a delimiter', async () => {
    const core = await withKeys();
    expect((await list(core, 'max-keys=2')).textOf('NextMarker')).toBeNull();
    const result = await list(core, 'max-keys=2&delimiter=/');
    expect([keysOf(result), prefixesOf(result)]).toEqual([['a'], ['b/']]);
    expect(result.textOf('NextMarker')).toBe('b/');
    const next = await list(core, 'delimiter=/&marker=b/');
    expect([keysOf(next), prefixesOf(next)]).toEqual([['c d', 'ctrl\u0001', 'é'], []]);
    expect(next.textOf('IsTruncated')).toBe('false');
  });

  it('names the next marker of a page that ends behind deleted keys', async () => {
    const page = { commonPrefixes: [], nextAfter: 'deleted', resumeAfter: 'deleted' };
    const object = {
      ...{ key: 'a', size: 1, etag: 'e', lastModifiedMs: 1, ownerId: 'o', storageClass: null },
      ...{ checksumAlgorithm: null, checksumType: null },
    };
    const indexFaults = { listObjects: async () => ({ ...page, objects: [object] }) };
    const result = await list(await createTestCore({ indexFaults }), '');
    expect(keysOf(result)).toEqual(['a']);
    expect(result.textOf('IsTruncated')).toBe('true');
    expect(result.textOf('NextMarker')).toBe('deleted');
  });

  it('encodes keys, prefixes, delimiter and markers as URLs on request', async () => {
    const core = await withKeys();
    const query = 'encoding-type=url&prefix=c&delimiter=%20&marker=c%21';
    const result = await list(core, query);
    expect(keysOf(result)).toEqual(['ctrl%01']);
    expect(result.textOf('Delimiter')).toBe('%20');
    expect(result.textOf('Marker')).toBe('c%21');
    expect(result.textOf('EncodingType')).toBe('url');
    const prefixes = await list(core, 'encoding-type=url&delimiter=%20');
    expect(prefixesOf(prefixes)).toEqual(['c%20']);
  });

  it('max-keys 0 is an empty page that is not truncated', async () => {
    const result = await list(await withKeys(), 'max-keys=0');
    expect(keysOf(result)).toEqual([]);
    expect(result.textOf('IsTruncated')).toBe('false');
    expect(result.textOf('MaxKeys')).toBe('0');
  });

  it('max-keys above 1000 is 1000', async () => {
    expect((await list(await withKeys(), 'max-keys=5000')).textOf('MaxKeys')).toBe('1000');
  });

  it.each(['max-keys=-1', 'max-keys=blah', 'encoding-type=xml'])('%s is refused', async (query) => {
    const response = await send(await withKeys(), `GET /photos?${query}`);
    expect(response.code).toBe('InvalidArgument');
  });

  it("of another user's bucket is refused", async () => {
    const core = await withKeys();
    expect((await send(core, 'GET /photos', { caller: core.bob })).code).toBe('AccessDenied');
  });
});

describe('ListObjectsV2', () => {
  const list = async (core: TestCore, query: string) =>
    (await send(core, `GET /photos?list-type=2&${query}`)).xml('ListBucketResult');

  it('continues by token and counts what it returns', async () => {
    const core = await withKeys();
    const first = await list(core, 'max-keys=2&delimiter=/');
    expect(first.textOf('KeyCount')).toBe('2');
    expect(first.textOf('IsTruncated')).toBe('true');
    const token = first.textOf('NextContinuationToken') ?? '';
    const next = await list(core, `delimiter=/&continuation-token=${token}`);
    expect(keysOf(next)).toEqual(['c d', 'ctrl\u0001', 'é']);
    expect(next.textOf('ContinuationToken')).toBe(token);
    expect(next.textOf('NextContinuationToken')).toBeNull();
  });

  it('starts after a key and echoes it', async () => {
    const result = await list(await withKeys(), 'start-after=b/1');
    expect(keysOf(result)).toEqual(['b/2', 'c d', 'ctrl\u0001', 'é']);
    expect(result.textOf('StartAfter')).toBe('b/1');
  });

  it('tells owners on request only', async () => {
    const core = await withKeys();
    const [without] = (await list(core, '')).list('Contents');
    expect(without?.find('Owner')).toBeNull();
    const [withOwner] = (await list(core, 'fetch-owner=true')).list('Contents');
    expect(withOwner?.find('Owner')?.textOf('DisplayName')).toBe('alice');
  });

  it('a token that is not ours is refused', async () => {
    const line = 'GET /photos?list-type=2&continuation-token=x';
    expect((await send(await withKeys(), line)).code).toBe('InvalidArgument');
  });

  it('an empty token is none and is echoed', async () => {
    const result = await list(await withKeys(), 'continuation-token=');
    expect(keysOf(result)).toHaveLength(keys.length);
    expect(result.textOf('ContinuationToken')).toBe('');
  });

  it('max-keys 0 has no token', async () => {
    const result = await list(await withKeys(), 'max-keys=0');
    expect(result.textOf('KeyCount')).toBe('0');
    expect(result.textOf('NextContinuationToken')).toBeNull();
  });
});

describe('ListObjectVersions', () => {
  const list = async (core: TestCore, query: string) =>
    (await send(core, `GET /photos?versions&${query}`)).xml('ListVersionsResult');

  it('shows every object as its only version, page by page', async () => {
    const core = await withKeys();
    const listed: (string | null)[] = [];
    let markers = '';
    for (let isTruncated = true; isTruncated; ) {
      const page = await list(core, `max-keys=4&${markers}`);
      for (const version of page.list('Version')) {
        expect(version.textOf('VersionId')).toBe('null');
        expect(version.textOf('IsLatest')).toBe('true');
        listed.push(version.textOf('Key'));
      }
      isTruncated = page.textOf('IsTruncated') === 'true';
      const key = encodeURIComponent(page.textOf('NextKeyMarker') ?? '');
      markers = `key-marker=${key}&version-id-marker=${page.textOf('NextVersionIdMarker')}`;
    }
    expect(listed).toEqual(['a', 'b/1', 'b/2', 'c d', 'ctrl\u0001', 'é']);
  });

  it('a version marker needs a key marker', async () => {
    const line = 'GET /photos?versions&version-id-marker=null';
    expect((await send(await withKeys(), line)).code).toBe('InvalidArgument');
  });
});
