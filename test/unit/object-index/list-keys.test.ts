import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../../src/object-index/key-order.ts';
import { listObjects } from '../../../src/object-index/list-keys.ts';
import { migrate } from '../../../src/object-index/migrate.ts';
import { writeOperations } from '../../../src/object-index/operations.ts';
import { SqliteRunner } from '../../../src/object-index/sqlite-database.ts';
import { runStatements } from '../../../src/object-index/statements.ts';
import {
  expectedEntries,
  expectedPage,
  keysAndListings,
  keysOf,
  type ListingRequest,
  text,
} from '../../support/listing-model.ts';
import { newObject, putObject } from '../../support/new-records.ts';
import { indexEngines, NOW_MS, useIndex } from '../../support/object-index.ts';

const everything: ListingRequest = { prefix: '', delimiter: '', after: '', limit: 1000 };

describe.each(indexEngines)('listObjects in $name', ({ open, manyRows }) => {
  const tested = useIndex(open);

  async function list(listing: Partial<ListingRequest>) {
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

  it('tells what Kodo wants to know only when asked', async () => {
    const { index, bucketId } = tested;
    const kodo = { endUser: 'u1', isDisabled: true };
    const more = { qetag: 'Fhash', expiresAtMs: 5, kodo, headers: { 'content-type': 'x/y' } };
    const { id: objectId } = await putObject(index, newObject(bucketId, 'k', more));
    await put('plain');
    const request = { bucketId, ...everything };
    const details = { objectId, contentType: 'x/y', qetag: 'Fhash', expiresAtMs: 5, kodo };
    const { objects } = await index.listObjects({ ...request, hasDetails: true });
    expect(objects[0]).toMatchObject({ key: 'k', details });
    expect(objects[1]?.details).toMatchObject({ contentType: null, qetag: null, kodo: null });
    const plain = await index.listObjects(request);
    expect(plain.objects[0]).not.toHaveProperty('details');
  });

  it("begins behind the empty key, which is Kodo's, unless it is asked for", async () => {
    const { index, bucketId } = tested;
    await put('', 'a', 'b');
    expect((await list({})).keys).toEqual(['a', 'b']);
    const request = { bucketId, ...everything, includesEmptyKey: true };
    const keysOfPage = async (more: Partial<ListingRequest>) => {
      const { objects } = await index.listObjects({ ...request, ...more });
      return objects.map(({ key }) => key);
    };
    expect(await keysOfPage({})).toEqual(['', 'a', 'b']);
    expect(await keysOfPage({ limit: 1 })).toEqual(['']);
    expect(await keysOfPage({ after: 'a' })).toEqual(['b']);
    expect(await keysOfPage({ prefix: 'b' })).toEqual(['b']);
    const versions = await index.listVersions({
      ...{ bucketId, prefix: '', delimiter: '', keyMarker: '', versionIdMarker: '', limit: 10 },
    });
    expect(versions.versions.map(({ key }) => key)).toEqual(['a', 'b']);
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
    expect(found).toEqual(expectedEntries(keys, { ...everything, delimiter: '/' }));
  });

  it('orders and groups keys of all planes as a naive filter does', async () => {
    const [{ keys, listings } = { keys: [], listings: [] }] = fc
      .sample(keysAndListings, 200)
      .filter((drawn) => drawn.keys.length > 30);
    await put(...keys);
    for (const listing of [...listings, everything]) {
      const page = await list(listing);
      expect({ keys, listing, page }).toEqual({
        keys,
        listing,
        page: expectedPage(keys, listing),
      });
    }
  });
});

describe('listObjects', () => {
  const runner = new SqliteRunner(new Database(':memory:'));
  migrate(runner.database, ':memory:');
  const context = { nowMs: NOW_MS, deletionNotBeforeMs: NOW_MS };
  let buckets = 0;
  let rank = 0;

  function newBucket(): number {
    buckets += 1;
    const bucket = { name: `b${buckets}`, ownerId: 'o', locationConstraint: null, createdAtMs: 1 };
    return runner.run(writeOperations.createBucket(context, bucket)).bucket.id;
  }

  const insert = runner.database.prepare(
    `INSERT INTO objects (bucket_id, key, version_rank, id, version_id, is_delete_marker, size,
        etag, last_modified_ms, owner_id, headers, user_metadata)
      VALUES (?, ?, ?, ?, ?, ?, 0, '', 1, 'o', '{}', '{}')`,
  );

  /** Versions from the newest to the oldest; true is a delete marker. */
  function insertVersions(bucketId: number, key: string, areDeleteMarkers: readonly boolean[]) {
    for (const isDeleteMarker of areDeleteMarkers) {
      rank += 1;
      insert.run(bucketId, key, rank, rank, `v${rank}`, isDeleteMarker ? 1 : 0);
    }
  }

  function bucketWith(keys: readonly string[], versionsOf = (_key: string) => [false]): number {
    const bucketId = newBucket();
    runner.database.transaction(() => {
      for (const key of keys) insertVersions(bucketId, key, versionsOf(key));
    })();
    return bucketId;
  }

  /** The page, and how many rows were read for it. */
  function measure(bucketId: number, listing: ListingRequest, resumeAfter: string | null = null) {
    let rowCount = 0;
    const { objects, ...rest } = runStatements(
      listObjects({ bucketId, ...listing, resumeAfter }),
      (statement) => {
        if (statement.kind !== 'all') throw new Error(statement.kind);
        const rows = runner.database.prepare(statement.sql).all(statement.values);
        rowCount += rows.length;
        return rows;
      },
    );
    return { page: { keys: objects.map(({ key }) => key), ...rest }, rowCount };
  }
  const page = (bucketId: number, listing: ListingRequest) => measure(bucketId, listing).page;

  it('gives the page that a naive filter gives', () => {
    fc.assert(
      fc.property(keysAndListings, ({ keys, listings }) => {
        const bucketId = bucketWith(keys);
        for (const listing of listings) {
          const expected = { ...expectedPage(keys, listing), resumeAfter: null };
          expect(page(bucketId, listing)).toEqual(expected);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives it of current objects when there are versions and delete markers', () => {
    const versions = fc.array(fc.boolean(), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(keysAndListings, fc.array(versions, { minLength: 1 }), (drawn, stacks) => {
        const stackOf = (key: string) => stacks[key.length % stacks.length] ?? [false];
        const bucketId = bucketWith(drawn.keys, stackOf);
        const current = drawn.keys.filter((key) => stackOf(key)[0] === false);
        for (const listing of drawn.listings) {
          const expected = { ...expectedPage(current, listing), resumeAfter: null };
          expect(page(bucketId, listing)).toEqual(expected);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives every entry exactly once, page by page', () => {
    fc.assert(
      fc.property(
        ...([keysOf(60), text(2), text(2), fc.integer({ min: 1, max: 9 })] as const),
        (keys, prefix, delimiter, limit) => {
          const bucketId = bucketWith(keys);
          const entries: string[] = [];
          let after: string | null = '';
          while (after !== null) {
            const found = page(bucketId, { prefix, delimiter, after, limit });
            entries.push(...[...found.keys, ...found.commonPrefixes].sort(compareKeys));
            after = found.nextAfter;
          }
          expect(entries).toEqual(expectedEntries(keys, { prefix, delimiter, after: '' }));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('seeks over noncurrent versions', () => {
    const names = Array.from({ length: 20 }, (_, i) => `k${String(i).padStart(2, '0')}`);
    const many = Array.from({ length: 3000 }, () => false);
    const bucketId = bucketWith(names, (key) => (key === 'k03' || key === 'k10' ? many : [false]));
    for (const limit of [1000, 20, 3]) {
      const { page: found, rowCount } = measure(bucketId, { ...everything, limit });
      expect(found.keys).toEqual(names.slice(0, limit));
      expect(rowCount).toBeLessThan(3000);
    }
  });

  it('seeks over the keys in common prefixes', () => {
    const names = Array.from({ length: 100 }, (_, i) => `k${String(i).padStart(2, '0')}/`);
    const bucketId = bucketWith(
      names.flatMap((name) =>
        Array(200)
          .fill(name)
          .map((k, i) => k + i),
      ),
    );
    const { page: found, rowCount } = measure(bucketId, { ...everything, delimiter: '/' });
    expect(found.commonPrefixes).toEqual(names);
    expect(rowCount).toBeLessThan(1000);
  });

  const deleted = Array.from({ length: 50_000 }, (_, i) => `d/${String(i).padStart(5, '0')}`);
  const withDeleted = bucketWith([...deleted, 'a', 'b/1', 'd/z', 'e'], (key) => [
    key.length === 'd/00000'.length,
  ]);

  it('stops after many deleted keys with a page that is not full', () => {
    const { page: first, rowCount } = measure(withDeleted, everything);
    expect(rowCount).toBeLessThan(25_000);
    expect(first.keys).toEqual(['a', 'b/1']);
    expect(first.nextAfter).toMatch(/^d\/\d{5}$/);
    const listed = [...first.keys];
    let pages = 1;
    for (let after = first.nextAfter; after !== null; pages += 1) {
      const next = page(withDeleted, { ...everything, after });
      listed.push(...next.keys);
      after = next.nextAfter;
    }
    expect(listed).toEqual(['a', 'b/1', 'd/z', 'e']);
    expect(pages).toBe(3);
  });

  it('gives no marker inside a common prefix that it has not found yet', () => {
    const listing = { ...everything, delimiter: '/' };
    const { page: first } = measure(withDeleted, listing);
    expect(first).toMatchObject({ keys: ['a'], commonPrefixes: ['b/'], nextAfter: null });
    const listed: string[] = [];
    for (let resumeAfter = first.resumeAfter; resumeAfter !== null; ) {
      const { page: next } = measure(withDeleted, listing, resumeAfter);
      listed.push(...next.commonPrefixes, ...next.keys);
      resumeAfter = next.resumeAfter;
    }
    expect(listed).toEqual(['d/', 'e']);
  });

  it.each([1, 2, 3])(
    'gives a page of %i that is full before deleted keys as truncated',
    (limit) => {
      for (const delimiter of ['', '/']) {
        const { page: found } = measure(withDeleted, { ...everything, delimiter, limit });
        const entries = [...found.keys, ...found.commonPrefixes];
        if (entries.length < limit) expect(found.resumeAfter).not.toBeNull();
        else expect(found).toMatchObject({ nextAfter: entries.at(-1), resumeAfter: null });
      }
    },
  );
});
