import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectDeletion } from '../../../src/object-index/deletion-requests.ts';
import { newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import {
  createBucket,
  type IndexUnderTest,
  indexEngines,
  NOW_MS,
  queuedFiles,
  sharedFiles,
  useIndex,
} from '../../support/object-index.ts';
import { VersionModel } from '../../support/version-model.ts';

const key = fc.constantFrom('a', 'a/b', 'a/c', 'b');
/** Which version of a key: one of those that it has, or one that it has not. */
const which = fc.oneof(
  { weight: 5, arbitrary: fc.nat(4) },
  fc.constantFrom('null', 'v'.repeat(32), '0123456789abcdefABCDEF._01234567'),
);
const deletion = fc.record({ key, which: fc.option(which) });

const anyWrite = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('put' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('put-new' as const), key }) },
  fc.record({ kind: fc.constant('complete' as const), key }),
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('copy' as const), from: key, which, to: key }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      deletions: fc.array(deletion, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('state' as const),
      to: fc.constantFrom('Enabled' as const, 'Enabled' as const, 'Suspended' as const),
    }),
  },
);
type AnyWrite = typeof anyWrite extends fc.Arbitrary<infer Write> ? Write : never;

const listing = fc.record({
  prefix: fc.constantFrom('', 'a', 'a/'),
  delimiter: fc.constantFrom('', '/'),
  limit: fc.integer({ min: 1, max: 4 }),
});

/** Does the same to an index and to the model. */
class BothWays {
  readonly model = new VersionModel();
  readonly files = new Set<string>();
  readonly #tested: IndexUnderTest;
  readonly #bucketId: number;
  #count = 0;

  constructor(tested: IndexUnderTest, bucketId: number) {
    this.#tested = tested;
    this.#bucketId = bucketId;
  }

  async write(write: AnyWrite): Promise<void> {
    switch (write.kind) {
      case 'put':
        return await this.#put(write.key);
      case 'put-new':
        return await this.#putNew(write.key);
      case 'complete':
        return await this.#complete(write.key);
      case 'copy':
        return await this.#copy(write.from, this.#idOf(write.from, write.which), write.to);
      case 'delete':
        return await this.#delete(
          write.deletions.map((one) => ({
            key: one.key,
            versionId: one.which === null ? null : this.#idOf(one.key, one.which),
          })),
        );
      case 'state':
        this.model.versioning = write.to;
        expect(await this.#index.setBucketVersioning(this.#bucketId, write.to)).toBe('stored');
    }
  }

  get #index() {
    return this.#tested.index;
  }

  #idOf(ofKey: string, chosen: number | string): string {
    if (typeof chosen === 'string') return chosen;
    const versions = this.model.versions(ofKey);
    return versions[chosen % versions.length]?.id ?? 'null';
  }

  #newContent() {
    this.#count += 1;
    const fileId = `group1/versions-${this.#bucketId}-${this.#count}`;
    this.files.add(fileId);
    return { etag: `e${this.#count}`, segments: [{ fileId, fileOffset: 0, size: 3 }] };
  }

  async #put(to: string): Promise<void> {
    const content = this.#newContent();
    const stored = await putObject(this.#index, newObject(this.#bucketId, to, content));
    this.model.write(to, { id: stored.versionId ?? 'null', etag: content.etag });
  }

  /** On the condition that there is none. */
  async #putNew(to: string): Promise<void> {
    const content = this.#newContent();
    const object = newObject(this.#bucketId, to, content);
    const put = await this.#index.putObject(object, { ifNoneMatch: ['*'] });
    if (this.model.current(to)) {
      expect(put.outcome).toBe('precondition-failed');
      for (const { fileId } of content.segments) this.files.delete(fileId);
      return;
    }
    if (put.outcome !== 'stored') throw new Error(put.outcome);
    this.model.write(to, { id: put.object.versionId ?? 'null', etag: content.etag });
  }

  async #complete(to: string): Promise<void> {
    const { etag, segments } = this.#newContent();
    const upload = newUpload(this.#bucketId, to, `upload-${this.#bucketId}-${this.#count}`);
    await this.#index.createUpload(upload);
    await this.#index.putPart(newPart(upload, 1, { segments, etag }));
    const completed = await this.#index.completeUpload({
      ...{ bucketId: this.#bucketId, key: to, uploadId: upload.uploadId, etag, checksum: null },
      ...{ parts: [{ partNumber: 1, etag }], lastModifiedMs: NOW_MS },
    });
    if (completed.outcome !== 'completed') throw new Error(completed.outcome);
    const { versionId } = completed.object;
    expect(await this.#index.findCompletedUpload(upload.uploadId)).toMatchObject({ versionId });
    this.model.write(to, { id: versionId ?? 'null', etag });
  }

  async #copy(from: string, versionId: string, to: string): Promise<void> {
    const bucketId = this.#bucketId;
    const source = await this.#index.findObject(bucketId, from, versionId);
    const expected = this.model.find(from, versionId);
    expect(source?.isDeleteMarker ? null : source?.etag).toBe(expected?.etag);
    if (!source || source.isDeleteMarker) return;
    const copied = await this.#index.copyObject({
      ...{ source: { bucketId, key: from, versionId }, sourceObjectId: source.id },
      ...{ destination: { bucketId, key: to }, ownerId: 'owner', lastModifiedMs: NOW_MS },
      description: null,
    });
    if (copied.outcome !== 'stored') throw new Error(copied.outcome);
    this.model.write(to, { id: copied.object.versionId ?? 'null', etag: source.etag });
  }

  async #delete(deletions: readonly (ObjectDeletion & { versionId: string | null })[]) {
    const results = await this.#index.deleteObjects(this.#bucketId, deletions);
    const done = new Set<string>();
    const versionsFirst = [...deletions.entries()].sort(
      ([, left], [, right]) => Number(left.versionId === null) - Number(right.versionId === null),
    );
    for (const [position, one] of versionsFirst) {
      const { outcome, deleteMarkerVersionId = null } = results[position] ?? {};
      expect(outcome).toBe('deleted');
      // Without versions, a key and its null version are the same; any other id names nothing.
      const isNullVersion = this.model.versioning === null && one.versionId === 'null';
      const name = JSON.stringify([one.key, isNullVersion ? null : one.versionId]);
      if (done.has(name)) continue;
      done.add(name);
      const hasMarker = this.model.delete(one.key, one.versionId, deleteMarkerVersionId);
      expect(deleteMarkerVersionId !== null).toBe(hasMarker);
      if (hasMarker && one.versionId !== null) expect(deleteMarkerVersionId).toBe(one.versionId);
    }
  }

  async verify(): Promise<void> {
    for (const name of ['a', 'a/b', 'a/c', 'b', 'c']) {
      const ids = [null, 'null', ...this.model.versions(name).map(({ id }) => id)];
      for (const id of ids) {
        const found = await this.#index.findObject(this.#bucketId, name, id);
        const version = found && {
          id: found.versionId ?? 'null',
          etag: found.isDeleteMarker ? null : found.etag,
        };
        expect(version).toEqual(this.model.find(name, id) ?? null);
      }
    }
    const listed = await this.#index.listObjects({
      ...{ bucketId: this.#bucketId, prefix: '', delimiter: '', after: '', limit: 1000 },
    });
    const current = this.model.all().filter(({ isLatest, etag }) => isLatest && etag !== null);
    expect(listed.objects.map((one) => [one.key, one.etag])).toEqual(
      current.map((one) => [one.key, one.etag]),
    );
  }

  async verifyListing({
    prefix,
    delimiter,
    limit,
  }: typeof listing extends fc.Arbitrary<infer L> ? L : never) {
    const entries: unknown[] = [];
    let markers = { keyMarker: '', versionIdMarker: '' };
    for (let pages = 0; ; pages += 1) {
      expect(pages).toBeLessThan(100);
      const request = { bucketId: this.#bucketId, prefix, delimiter, limit, ...markers };
      const page = await this.#index.listVersions(request);
      expect(page.versions.length + page.commonPrefixes.length).toBeLessThanOrEqual(limit);
      for (const one of page.versions) {
        const { key: name, versionId, isLatest } = one;
        const etag = one.isDeleteMarker ? null : one.etag;
        entries.push({ key: name, id: versionId, isLatest, etag });
      }
      entries.push(...page.commonPrefixes);
      if (!page.next) break;
      markers = page.next;
    }
    const expected = this.model
      .all()
      .filter((one) => one.key.startsWith(prefix))
      .map((one) => {
        const end = delimiter === '' ? -1 : one.key.indexOf(delimiter, prefix.length);
        return end === -1 ? one : one.key.slice(0, end + 1);
      });
    const inOrder = (list: readonly unknown[]) => [
      ...list.filter((one) => typeof one !== 'string'),
      ...new Set(list.filter((one) => typeof one === 'string')),
    ];
    expect(inOrder(entries)).toEqual(inOrder(expected));
  }

  /** Nothing may keep a file that no version needs. */
  async deleteEverything(): Promise<void> {
    await this.#delete(this.model.all().map(({ key: name, id }) => ({ key: name, versionId: id })));
    expect(this.model.all()).toEqual([]);
    expect(await this.#index.deleteBucket(this.#bucketId)).toBe('deleted');
    expect(await sharedFiles(this.#tested)).toEqual({});
    const queued = new Set(await queuedFiles(this.#tested));
    expect([...this.files].filter((fileId) => !queued.has(fileId))).toEqual([]);
  }
}

describe.each(indexEngines)('versions in $name', ({ name, open }) => {
  const tested = useIndex(open);
  let buckets = 0;

  it('follow the rules of AWS under any writes', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyWrite, { maxLength: 30 }),
        fc.array(listing, { maxLength: 3 }),
        async (writes, listings) => {
          buckets += 1;
          const bucketId = await createBucket(tested.index, `bucket-${buckets}`);
          const both = new BothWays(tested, bucketId);
          for (const write of writes) {
            await both.write(write);
            await both.verify();
          }
          for (const request of listings) await both.verifyListing(request);
          await both.deleteEverything();
        },
      ),
      {
        numRuns: name === 'SQLite' ? 60 : 6,
        examples: [
          [
            [
              { kind: 'put', key: 'a' },
              {
                kind: 'delete',
                deletions: [
                  { key: 'a', which: 'v'.repeat(32) },
                  { key: 'a', which: null },
                ],
              },
            ],
            [],
          ],
        ],
      },
    );
  });
});
