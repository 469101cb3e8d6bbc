import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys } from '../../../../src/object-index/key-order.ts';
import type { XmlElement } from '../../../../src/s3/xml.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { expectedEntries, keysOf, markerOf, text } from '../../../support/listing-model.ts';
import { newObject, newUpload, putObject } from '../../../support/new-records.ts';
import { send } from '../../../support/s3-operations.ts';

/** What is drawn for a walk over a listing: the keys, and how they are asked for. */
const walks = keysOf(30).chain((keys) =>
  fc.record({
    keys: fc.constant(keys),
    prefix: text(2),
    delimiter: text(2),
    after: fc.oneof(fc.constant(''), markerOf(keys)),
    pageSize: fc.oneof(fc.integer({ min: 1, max: 7 }), fc.constant(1000)),
  }),
);
type Walk = typeof walks extends fc.Arbitrary<infer T> ? T : never;

const decoded = (element: XmlElement, name: string) =>
  decodeURIComponent(element.textOf(name) ?? '');

/** Keys and common prefixes of a page together, in order. */
function entriesOf(page: XmlElement, item: 'Contents' | 'Upload'): string[] {
  const keys = page.list(item).map((each) => decoded(each, 'Key'));
  const prefixes = page.list('CommonPrefixes').map((each) => decoded(each, 'Prefix'));
  return [...keys, ...prefixes].sort(compareKeys);
}

/** Follows pages until one is not truncated. `next` gives the parameters of the next page. */
async function follow(
  core: TestCore,
  rootName: string,
  fixed: Readonly<Record<string, string>>,
  first: Readonly<Record<string, string>>,
  next: (page: XmlElement) => Readonly<Record<string, string>>,
): Promise<XmlElement[]> {
  const pages: XmlElement[] = [];
  for (let position = first; ; ) {
    const query = Object.entries({ 'encoding-type': 'url', ...fixed, ...position })
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&');
    const page = (await send(core, `GET /photos?${query}`)).xml(rootName);
    pages.push(page);
    if (page.textOf('IsTruncated') !== 'true') return pages;
    position = next(page);
  }
}

function expectPages(pages: readonly XmlElement[], walk: Walk, item: 'Contents' | 'Upload') {
  const found = pages.map((page) => entriesOf(page, item));
  expect(found.flat()).toEqual(expectedEntries(walk.keys, walk));
  for (const entries of found.slice(0, -1)) expect(entries).toHaveLength(walk.pageSize);
  expect(found.at(-1)?.length).toBeLessThanOrEqual(walk.pageSize);
}

async function coreOf(keys: readonly string[]): Promise<TestCore> {
  const core = await createTestCore();
  const described = { ownerId: core.alice.userId, etag: 'e' };
  await Promise.all(
    keys.map((key) => putObject(core.index, newObject(core.bucket.id, key, described))),
  );
  return core;
}

const fixedOf = ({ prefix, delimiter }: Walk) => ({ prefix, delimiter });

describe('pages of any listing, joined, are the naive listing', () => {
  it('by ListObjects with markers', async () => {
    await fc.assert(
      fc.asyncProperty(walks, async (walk) => {
        const core = await coreOf(walk.keys);
        const fixed = { ...fixedOf(walk), 'max-keys': String(walk.pageSize) };
        const first = { marker: walk.after };
        const pages = await follow(core, 'ListBucketResult', fixed, first, (page) => {
          const last = page.list('Contents').at(-1);
          const marker = page.textOf('NextMarker') ?? last?.textOf('Key') ?? '';
          return { marker: decodeURIComponent(marker) };
        });
        expectPages(pages, walk, 'Contents');
      }),
      { numRuns: 40 },
    );
  });

  it('by ListObjectsV2 with start-after and tokens', async () => {
    await fc.assert(
      fc.asyncProperty(walks, async (walk) => {
        const core = await coreOf(walk.keys);
        const fixed = {
          ...{ 'list-type': '2', 'start-after': walk.after, ...fixedOf(walk) },
          'max-keys': String(walk.pageSize),
        };
        const pages = await follow(core, 'ListBucketResult', fixed, {}, (page) => ({
          'continuation-token': page.textOf('NextContinuationToken') ?? '',
        }));
        expectPages(pages, walk, 'Contents');
        for (const page of pages) {
          expect(page.textOf('KeyCount')).toBe(String(entriesOf(page, 'Contents').length));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('by ListMultipartUploads with key and upload ID markers, several uploads to a key', async () => {
    await fc.assert(
      fc.asyncProperty(walks, fc.integer({ min: 1, max: 3 }), async (drawn, uploadsPerKey) => {
        const core = await createTestCore();
        for (const [number, key] of drawn.keys.entries()) {
          for (let i = 0; i < uploadsPerKey; i += 1) {
            const upload = newUpload(core.bucket.id, key, `u${number}-${i}`);
            await core.index.createUpload({ ...upload, ownerId: core.alice.userId });
          }
        }
        const fixed = { uploads: '', ...fixedOf(drawn), 'max-uploads': String(drawn.pageSize) };
        const first = { 'key-marker': drawn.after };
        const pages = await follow(core, 'ListMultipartUploadsResult', fixed, first, (page) => ({
          'key-marker': decoded(page, 'NextKeyMarker'),
          'upload-id-marker': page.textOf('NextUploadIdMarker') ?? '',
        }));
        const keys = new Set(drawn.keys);
        const expected = expectedEntries(drawn.keys, drawn).flatMap((entry) => {
          const isKey = keys.has(entry) && !isCommonPrefix(entry, drawn);
          return isKey ? Array(uploadsPerKey).fill(entry) : [entry];
        });
        expect(pages.flatMap((page) => entriesOf(page, 'Upload'))).toEqual(expected);
        const ids = pages.flatMap((page) =>
          page.list('Upload').map((each) => each.textOf('UploadId')),
        );
        expect(new Set(ids).size).toBe(ids.length);
      }),
      { numRuns: 40 },
    );
  });
});

function isCommonPrefix(entry: string, { prefix, delimiter }: Walk): boolean {
  return delimiter !== '' && entry.indexOf(delimiter, prefix.length) !== -1;
}
