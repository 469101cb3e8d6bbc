import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../../src/object-index/key-order.ts';
import { listObjects } from '../../../src/object-index/list-keys.ts';
import { migrate } from '../../../src/object-index/migrate.ts';
import { writeOperations } from '../../../src/object-index/operations.ts';
import type { ListObjectsRequest } from '../../../src/object-index/requests.ts';
import { SqliteRunner } from '../../../src/object-index/sqlite-database.ts';
import { newObject, putObject } from '../../support/new-records.ts';
import { indexEngines, NOW_MS, useIndex } from '../../support/object-index.ts';

type Listing = Omit<ListObjectsRequest, 'bucketId'>;

const everything: Listing = { prefix: '', delimiter: '', after: '', limit: 1000 };

/** What a page must be, worked out from all keys: group, drop what does not sort after, cut. */
function expectedPage(keys: readonly string[], { prefix, delimiter, after, limit }: Listing) {
  const entries = new Map<string, 'object' | 'commonPrefix'>();
  for (const key of keys) {
    if (!key.startsWith(prefix)) continue;
    const index = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (index === -1) entries.set(key, 'object');
    else entries.set(key.slice(0, index + delimiter.length), 'commonPrefix');
  }
  const following = [...entries.keys()]
    .filter((entry) => after === '' || compareKeys(entry, after) > 0)
    .sort(compareKeys);
  const page = following.slice(0, limit);
  return {
    keys: page.filter((entry) => entries.get(entry) === 'object'),
    commonPrefixes: page.filter((entry) => entries.get(entry) === 'commonPrefix'),
    nextAfter: following.length > limit ? (page.at(-1) ?? null) : null,
  };
}

describe.each(indexEngines)('listObjects in $name', ({ open, manyRows }) => {
  const tested = useIndex(open);

  async function list(listing: Partial<Listing>) {
    const page = await tested.index.listObjects({
      bucketId: tested.bucketId,
      ...everything,
      ...listing,
    });
    const { objects, commonPrefixes, nextAfter } = page;
    return { keys: objects.map(({ key }) => key), commonPrefixes, nextAfter };
  }

  async function put(...keys: string[]) {
    for (const key of keys) await putObject(tested.index, newObject(tested.bucketId, key));
  }

  it('tells of an object what ListObjects answers', async () => {
    const checksum = { algorithm: 'SHA256', type: 'COMPOSITE', value: 'x-2' } as const;
    const headers = { 'x-amz-storage-class': 'STANDARD_IA' };
    await putObject(
      tested.index,
      newObject(tested.bucketId, 'k', { size: 7, etag: 'e', ownerId: 'o', checksum, headers }),
    );
    const page = await tested.index.listObjects({ bucketId: tested.bucketId, ...everything });
    expect(page.objects).toEqual([
      {
        key: 'k',
        size: 7,
        etag: 'e',
        lastModifiedMs: NOW_MS,
        ownerId: 'o',
        storageClass: 'STANDARD_IA',
        checksumAlgorithm: 'SHA256',
        checksumType: 'COMPOSITE',
      },
    ]);
  });

  it('lists the key `a` and the common prefix `a/` beside each other', async () => {
    await put('a', 'a/b', 'a/c', 'a0');
    expect(await list({ delimiter: '/' })).toEqual({
      keys: ['a', 'a0'],
      commonPrefixes: ['a/'],
      nextAfter: null,
    });
    expect(await list({ prefix: 'a/', delimiter: '/' })).toMatchObject({ keys: ['a/b', 'a/c'] });
  });

  it('passes over the common prefix that the marker equals or lies in', async () => {
    await put('a/1', 'a/2', 'b/1', 'c');
    expect(await list({ delimiter: '/', after: 'a/' })).toMatchObject({ commonPrefixes: ['b/'] });
    expect(await list({ delimiter: '/', after: 'a/1' })).toMatchObject({ commonPrefixes: ['b/'] });
    expect(await list({ delimiter: '/', after: 'a' })).toMatchObject({
      commonPrefixes: ['a/', 'b/'],
    });
    expect(await list({ after: 'a/1' })).toMatchObject({ keys: ['a/2', 'b/1', 'c'] });
  });

  it('is truncated only when something follows', async () => {
    await put('a/1', 'b', 'c/1');
    expect(await list({ delimiter: '/', limit: 2 })).toEqual({
      keys: ['b'],
      commonPrefixes: ['a/'],
      nextAfter: 'b',
    });
    expect(await list({ delimiter: '/', limit: 3 })).toMatchObject({ nextAfter: null });
    expect(await list({ delimiter: '/', limit: 1, after: 'b' })).toMatchObject({
      commonPrefixes: ['c/'],
      nextAfter: null,
    });
  });

  it('gives an empty page that is not truncated for limit 0', async () => {
    await put('a', 'b/1');
    const empty = { keys: [], commonPrefixes: [], nextAfter: null };
    expect(await list({ limit: 0 })).toEqual(empty);
    expect(await list({ limit: 0, delimiter: '/' })).toEqual(empty);
  });

  it('does not take a prefix for a pattern', async () => {
    await put('a_b', 'axb', 'a%b', 'A_b');
    expect(await list({ prefix: 'a_' })).toMatchObject({ keys: ['a_b'] });
    expect(await list({ prefix: 'a%' })).toMatchObject({ keys: ['a%b'] });
  });

  it('pages through many keys in common prefixes of every size', async () => {
    const keys: string[] = [];
    for (let group = 0; keys.length < manyRows / 4; group += 1) {
      for (let i = 0; i < (group % 7 === 0 ? manyRows / 30 : 3); i += 1)
        keys.push(`g${group}/${i}`);
    }
    keys.push(...Array.from({ length: manyRows / 30 }, (_, i) => `plain-${i}`));
    await Promise.all(keys.map((key) => putObject(tested.index, newObject(tested.bucketId, key))));
    const found: string[] = [];
    let after: string | null = '';
    while (after !== null) {
      const page = await list({ delimiter: '/', limit: 7, after });
      found.push(...[...page.keys, ...page.commonPrefixes].sort(compareKeys));
      after = page.nextAfter;
    }
    const { keys: objects, commonPrefixes } = expectedPage(keys, {
      ...everything,
      delimiter: '/',
      limit: 5000,
    });
    expect(found).toEqual([...objects, ...commonPrefixes].sort(compareKeys));
  });
});

describe('listObjects', () => {
  const runner = new SqliteRunner(new Database(':memory:'));
  migrate(runner.database, ':memory:');
  const context = { nowMs: NOW_MS, deletionNotBeforeMs: NOW_MS };
  let buckets = 0;

  function bucketWith(keys: readonly string[]): number {
    buckets += 1;
    const bucket = { name: `b${buckets}`, ownerId: 'o', locationConstraint: null, createdAtMs: 1 };
    const { id } = runner.run(writeOperations.createBucket(context, bucket)).bucket;
    for (const key of keys) {
      runner.run(writeOperations.putObject(context, newObject(id, key, { size: 0 })));
    }
    return id;
  }

  function page(bucketId: number, listing: Listing) {
    const { objects, ...rest } = runner.run(listObjects({ bucketId, ...listing }));
    return { keys: objects.map(({ key }) => key), ...rest };
  }

  // Few characters, so that prefixes and delimiters hit; the odd ones are where orders differ.
  const unit = fc.constantFrom(
    ...['a', 'b', '/', '/', '-', '\0', '\u0001', 'é', '\ud7ff', '\ue000', '\uffff'],
    ...['\u{10000}', '\u{1f600}', '\u{10ffff}'],
  );
  const anyUnit = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 });
  const text = (maxLength: number) =>
    fc
      .array(fc.oneof({ weight: 9, arbitrary: unit }, anyUnit), { maxLength })
      .map((u) => u.join(''));
  const keys = fc.uniqueArray(
    text(8).filter((key) => key !== ''),
    { maxLength: 60 },
  );
  const requests = fc.array(
    fc.record({ prefix: text(3), delimiter: text(2), after: text(5), limit: fc.nat(12) }),
    { minLength: 1, maxLength: 30 },
  );

  it('gives the page that a naive filter gives', () => {
    fc.assert(
      fc.property(keys, requests, (present, listings) => {
        const bucketId = bucketWith(present);
        for (const listing of listings) {
          expect(page(bucketId, listing)).toEqual(expectedPage(present, listing));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('gives every entry exactly once, page by page', () => {
    fc.assert(
      fc.property(keys, text(2), text(2), fc.integer({ min: 1, max: 9 }), (...drawn) => {
        const [present, prefix, delimiter, limit] = drawn;
        const bucketId = bucketWith(present);
        const entries: string[] = [];
        let after: string | null = '';
        while (after !== null) {
          const found = page(bucketId, { prefix, delimiter, after, limit });
          entries.push(...[...found.keys, ...found.commonPrefixes].sort(compareKeys));
          after = found.nextAfter;
        }
        const all = expectedPage(present, { prefix, delimiter, after: '', limit: 1000 });
        expect(entries).toEqual([...all.keys, ...all.commonPrefixes].sort(compareKeys));
      }),
      { numRuns: 150 },
    );
  });
});
