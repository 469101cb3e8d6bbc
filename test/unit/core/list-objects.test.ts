import { describe, expect, it } from 'vitest';
import { listObjects, listObjectsByToken } from '../../../src/core/list-objects.ts';
import { parsePageToken, renderPageToken } from '../../../src/core/page-token.ts';
import type {
  ListObjectsPage,
  ListObjectsRequest,
} from '../../../src/object-index/listing-requests.ts';
import { createTestCore } from '../../support/core-services.ts';
import { coreWithKeys } from '../../support/put-objects.ts';

const keys = ['a', 'b/1', 'b/2', 'c', 'd/1', 'é', '😀'];

describe('listing by token', () => {
  it.each([
    ['', ['a', 'b/1', 'b/2', 'c', 'd/1', 'é', '😀']],
    ['/', ['a', 'b/', 'c', 'd/', 'é', '😀']],
  ])('pages of any size with delimiter %j are the whole listing', async (delimiter, expected) => {
    const core = await coreWithKeys(...keys);
    for (let maxKeys = 1; maxKeys <= expected.length + 1; maxKeys += 1) {
      const listed: string[] = [];
      let token: string | null = null;
      do {
        const request = { prefix: '', delimiter, maxKeys, token, startAfter: '' };
        const page: Awaited<ReturnType<typeof listObjectsByToken>> = await listObjectsByToken(
          core,
          core.bucket,
          request,
        );
        const names = [...page.objects.map(({ key }) => key), ...page.commonPrefixes];
        expect(names.length).toBeLessThanOrEqual(maxKeys);
        listed.push(...names.sort());
        token = page.nextToken;
      } while (token !== null);
      expect(listed).toEqual(expected);
    }
  });

  it('max-keys 0 lists nothing and is not truncated', async () => {
    const core = await coreWithKeys(...keys);
    const request = { prefix: '', delimiter: '', maxKeys: 0, token: null, startAfter: '' };
    expect(await listObjectsByToken(core, core.bucket, request)).toMatchObject({
      objects: [],
      commonPrefixes: [],
      nextToken: null,
    });
  });

  it('a token counts before start-after, and only for its own listing', async () => {
    const core = await coreWithKeys(...keys);
    const request = { prefix: '', delimiter: '', maxKeys: 1, token: null, startAfter: 'b/2' };
    const first = await listObjectsByToken(core, core.bucket, request);
    expect(first.objects.map(({ key }) => key)).toEqual(['c']);
    const token = first.nextToken;
    const next = await listObjectsByToken(core, core.bucket, { ...request, token });
    expect(next.objects.map(({ key }) => key)).toEqual(['d/1']);
    for (const other of [{ prefix: 'd' }, { delimiter: '/' }]) {
      const listed = listObjectsByToken(core, core.bucket, { ...request, ...other, token });
      await expect(listed).rejects.toMatchObject({ code: 'InvalidArgument' });
    }
    const elsewhere = { ...core.bucket, id: core.bucket.id + 1 };
    const listed = listObjectsByToken(core, elsewhere, { ...request, token });
    await expect(listed).rejects.toMatchObject({ code: 'InvalidArgument' });
  });
});

it('listing more than 1000 keys asks the index for 1000', async () => {
  const limits: number[] = [];
  const indexFaults = {
    listObjects: async ({ limit }: { limit: number }) => {
      limits.push(limit);
      return { objects: [], commonPrefixes: [], nextAfter: null, resumeAfter: null };
    },
  };
  const core = await createTestCore({ indexFaults });
  const request = { prefix: '', delimiter: '', maxKeys: 2_147_483_647, after: '' };
  await listObjects(core, core.bucket, request);
  expect(limits).toEqual([1000]);
});

describe('listing past very many deleted keys', () => {
  const nothing = { objects: [], commonPrefixes: [] };
  const request = { prefix: '', delimiter: '/', maxKeys: 3, after: '' };

  /** The index gives these pages, whatever it is asked for. */
  async function listFrom(pages: readonly ListObjectsPage[]) {
    const asked: (string | null)[] = [];
    const indexFaults = {
      listObjects: async ({ resumeAfter = null, limit }: ListObjectsRequest) => {
        asked.push(`${resumeAfter} ${limit}`);
        return pages[asked.length - 1] ?? { ...nothing, nextAfter: 'd', resumeAfter: 'd' };
      },
    };
    const core = await createTestCore({ indexFaults });
    return { page: await listObjects(core, core.bucket, request), asked };
  }

  it('goes on behind an empty page', async () => {
    const { page, asked } = await listFrom([
      { ...nothing, nextAfter: 'a', resumeAfter: 'a' },
      { ...nothing, commonPrefixes: ['b/'], nextAfter: null, resumeAfter: null },
    ]);
    expect(page).toEqual({ ...nothing, commonPrefixes: ['b/'], nextAfter: null });
    expect(asked).toEqual(['null 3', 'a 3']);
  });

  it('ends a page early that has something', async () => {
    const short = { ...nothing, commonPrefixes: ['a/'], nextAfter: 'b', resumeAfter: 'b' };
    const { page, asked } = await listFrom([short]);
    expect(page).toEqual({ ...nothing, commonPrefixes: ['a/'], nextAfter: 'b' });
    expect(asked).toHaveLength(1);
  });

  it('goes on where no marker can tell of the place', async () => {
    const { page, asked } = await listFrom([
      { ...nothing, commonPrefixes: ['a/'], nextAfter: null, resumeAfter: 'b/1' },
      { ...nothing, commonPrefixes: ['b/', 'c/'], nextAfter: 'c/', resumeAfter: null },
    ]);
    expect(page).toEqual({ ...nothing, commonPrefixes: ['a/', 'b/', 'c/'], nextAfter: 'c/' });
    expect(asked).toEqual(['null 3', 'b/1 2']);
  });

  it('ends a page inside a common prefix at last, with a marker that goes on there', async () => {
    const inside = { ...nothing, nextAfter: null, resumeAfter: 'b/1' };
    const { page, asked } = await listFrom(Array(50).fill(inside));
    expect(asked).toHaveLength(50);
    expect(page).toEqual({ ...nothing, nextAfter: 'b/1\u{10ffff}inside\u{10ffff}' });
    const core = await coreWithKeys('b/1', 'b/2', 'c');
    const next = await listObjects(core, core.bucket, {
      ...request,
      after: 'b/1\u{10ffff}inside\u{10ffff}',
    });
    expect(next).toMatchObject({ commonPrefixes: ['b/'], objects: [{ key: 'c' }] });
    const passed = await listObjects(core, core.bucket, { ...request, after: 'b/1' });
    expect(passed.commonPrefixes).toEqual([]);
    // As the marker of a key that is in no common prefix, it is passed like any other.
    const odd = await listObjects(core, core.bucket, {
      ...{ ...request, after: 'b\u{10ffff}inside\u{10ffff}' },
    });
    expect(odd).toMatchObject({ commonPrefixes: [], objects: [{ key: 'c' }] });
  });

  it('gives an empty page that is truncated in the end', async () => {
    const { page, asked } = await listFrom([]);
    expect(page).toEqual({ ...nothing, nextAfter: 'd' });
    expect(asked).toHaveLength(50);
  });
});

describe('page tokens', () => {
  it.each(['', 'a', '😀/é', 'x'.repeat(1024)])('give back position %j', (position) => {
    expect(parsePageToken(['use', 1], renderPageToken(['use', 1], position))).toBe(position);
  });

  it.each(['', 'a', '====', 'x'.repeat(5000), renderPageToken(['use', 2], 'a')])(
    '%j is refused',
    (token) => {
      expect(() => parsePageToken(['use', 1], token)).toThrow(
        expect.objectContaining({ code: 'InvalidArgument' }),
      );
    },
  );
});
