import { describe, expect, it } from 'vitest';
import type { MoveObjectRequest } from '../../../src/object-index/write-requests.ts';
import { newFileId, newObject, putObject } from '../../support/new-records.ts';
import {
  createBucket,
  indexEngines,
  NOW_MS,
  queuedFiles,
  sharedFiles,
  useIndex,
} from '../../support/object-index.ts';

describe.each(indexEngines)('moveObject in $name', ({ open }) => {
  const tested = useIndex(open);

  async function move(
    sourceObjectId: number,
    destination: Partial<MoveObjectRequest['destination']> = {},
    more: Partial<MoveObjectRequest> = {},
  ) {
    const { index, bucketId } = tested;
    return await index.moveObject({
      source: { bucketId, key: 'old' },
      sourceObjectId,
      destination: { bucketId, key: 'new', ...destination },
      ownerId: 'mover',
      ...more,
    });
  }

  const old = (more = {}) =>
    newObject(tested.bucketId, 'old', {
      ...{ qetag: 'Fhash', kodo: { endUser: 'u1' }, expiresAtMs: NOW_MS + 1, tags: { a: 'b' } },
      ...{ lastModifiedMs: NOW_MS - 5000, headers: { 'content-type': 'x/y' }, ...more },
    });

  it('gives a row of the same bucket another key', async () => {
    const { index, bucketId } = tested;
    const stored = await putObject(index, old());
    const moved = await move(stored.id);
    expect(moved).toEqual({ outcome: 'stored', object: { ...stored, key: 'new' } });
    expect(await index.findObject(bucketId, 'old')).toBeNull();
    expect(await queuedFiles(tested)).toEqual([]);
    expect(await sharedFiles(tested)).toEqual({});
  });

  it('moves into another bucket with date, hash and attributes, and shares no file', async () => {
    const { index, bucketId } = tested;
    const other = await createBucket(index, 'other');
    const segments = [5, 7].map((size) => ({ fileId: newFileId(), fileOffset: 0, size }));
    const stored = await putObject(index, old({ segments }));
    await move(stored.id, { bucketId: other });
    const moved = await index.findObject(other, 'new');
    const { qetag, kodo, expiresAtMs, tags, lastModifiedMs, headers, size } = stored;
    expect(moved).toMatchObject({ qetag, kodo, expiresAtMs, tags, lastModifiedMs, headers, size });
    expect(moved?.ownerId).toBe('mover');
    expect(await index.listSegments(moved?.id ?? 0, 0, 10)).toHaveLength(2);
    expect(await index.findObject(bucketId, 'old')).toBeNull();
    expect(await queuedFiles(tested)).toEqual([]);
    expect(await sharedFiles(tested)).toEqual({});
  });

  it('leaves a delete marker where the bucket has versions', async () => {
    const { index, bucketId } = tested;
    await index.setBucketVersioning(bucketId, 'Enabled');
    const stored = await putObject(index, old());
    await move(stored.id);
    expect(await index.findObject(bucketId, 'old')).toMatchObject({ isDeleteMarker: true });
    expect(await index.findObject(bucketId, 'old', stored.versionId)).toEqual(stored);
    const { fileId, lastModifiedMs } = stored;
    expect(await index.findObject(bucketId, 'new')).toMatchObject({ fileId, lastModifiedMs });
    expect(await sharedFiles(tested)).toEqual({ [fileId ?? '']: 2 });
  });

  it('replaces what has the new key, or not, as the condition says', async () => {
    const { index, bucketId } = tested;
    const replaced = await putObject(index, newObject(bucketId, 'new'));
    const stored = await putObject(index, old());
    const condition = { ifNoneMatch: ['*'] };
    expect(await move(stored.id, {}, { condition })).toEqual({ outcome: 'precondition-failed' });
    expect(await index.findObject(bucketId, 'old')).toEqual(stored);
    expect((await move(stored.id)).outcome).toBe('stored');
    expect(await queuedFiles(tested)).toEqual([replaced.fileId]);
  });

  it('refuses the same across buckets and leaves the source', async () => {
    const { index } = tested;
    const other = await createBucket(index, 'other');
    await putObject(index, newObject(other, 'new'));
    const stored = await putObject(index, old());
    const condition = { ifNoneMatch: ['*'] };
    const outcome = await move(stored.id, { bucketId: other }, { condition });
    expect(outcome).toEqual({ outcome: 'precondition-failed' });
    expect(await index.findObject(tested.bucketId, 'old')).toEqual(stored);
  });

  it('keeps an object that is moved onto itself', async () => {
    const { index, bucketId } = tested;
    const stored = await putObject(index, old());
    expect(await move(stored.id, { key: 'old' })).toEqual({ outcome: 'stored', object: stored });
    expect(await index.findObject(bucketId, 'old')).toEqual(stored);
    const condition = { ifNoneMatch: ['*'] };
    const refused = await move(stored.id, { key: 'old' }, { condition });
    expect(refused).toEqual({ outcome: 'precondition-failed' });
  });

  it('moves to and from the empty key', async () => {
    const { index, bucketId } = tested;
    const stored = await putObject(index, old());
    await move(stored.id, { key: '' });
    expect(await index.findObject(bucketId, '')).toEqual({ ...stored, key: '' });
  });

  it('tells when the source is another one by now', async () => {
    const stored = await putObject(tested.index, old());
    expect(await move(stored.id + 1)).toEqual({ outcome: 'source-changed' });
    const outcome = await move(stored.id, { bucketId: 9999 });
    expect(outcome).toEqual({ outcome: 'no-such-bucket' });
    expect(await tested.index.findObject(tested.bucketId, 'old')).toEqual(stored);
  });
});
