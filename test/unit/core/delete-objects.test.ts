import { describe, expect, it, vi } from 'vitest';
import { deleteObject, deleteObjects } from '../../../src/core/delete-objects.ts';
import { coreWithKeys } from '../../support/put-objects.ts';

const current = (key: string) => ({ key, versionId: null });

describe('deleting one key', () => {
  it('removes it and queues its file; a second time is no error', async () => {
    const core = await coreWithKeys('a', 'b');
    await deleteObject(core, core.bucket, current('a'), core.alice);
    await deleteObject(core, core.bucket, current('a'), core.alice);
    expect(await core.keys()).toEqual(['b']);
    expect(await core.queued()).toHaveLength(1);
  });

  it('deletes on a condition only what meets it', async () => {
    const core = await coreWithKeys('a');
    const unmet = { ...current('a'), condition: { ifMatch: ['x'] } };
    const failing = deleteObject(core, core.bucket, unmet, core.alice);
    await expect(failing).rejects.toMatchObject({ code: 'PreconditionFailed' });
    expect(await core.keys()).toEqual(['a']);
    const any = { ...current('a'), condition: { ifMatch: ['*'] } };
    await deleteObject(core, core.bucket, any, core.alice);
    expect(await core.keys()).toEqual([]);
    // If-Match demands an object; the others are about one that is there.
    const absent = deleteObject(core, core.bucket, any, core.alice);
    await expect(absent).rejects.toMatchObject({ code: 'NoSuchKey' });
    const sized = { ...current('a'), condition: { sizeBytes: 1, lastModifiedMs: 1 } };
    await deleteObject(core, core.bucket, sized, core.alice);
  });

  it('by version: null is the one there is, an unknown one deletes nothing', async () => {
    const core = await coreWithKeys('a');
    await deleteObject(core, core.bucket, { key: 'a', versionId: 'x'.repeat(32) }, core.alice);
    expect(await core.keys()).toEqual(['a']);
    const deleted = deleteObject(core, core.bucket, { key: 'a', versionId: 'v1' }, core.alice);
    await expect(deleted).rejects.toMatchObject({ code: 'InvalidArgument' });
    await deleteObject(core, core.bucket, { key: 'a', versionId: 'null' }, core.alice);
    expect(await core.keys()).toEqual([]);
  });
});

describe('deleting many keys', () => {
  it('tells for each what became of it', async () => {
    const core = await coreWithKeys('a', 'b', 'c');
    const tooLong = current('k'.repeat(1025));
    const noVersion = { key: 'c', versionId: 'v1' };
    const unknown = { key: 'b', versionId: 'x'.repeat(32) };
    const objects = [current('a'), current('none'), tooLong, noVersion, unknown, current('a')];
    const result = await deleteObjects(core, core.bucket, objects, core.alice);
    expect(result.deleted).toMatchObject([current('a'), current('none'), unknown, current('a')]);
    expect(result.failed).toMatchObject([
      { object: tooLong, error: { code: 'KeyTooLongError' } },
      { object: noVersion, error: { code: 'InvalidArgument' } },
    ]);
    expect(await core.keys()).toEqual(['b', 'c']);
  });

  it('keeps a key of which one condition does not hold, and tells every mention of it', async () => {
    const core = await coreWithKeys('a', 'b');
    const matching = { ...current('a'), condition: { sizeBytes: 1 } };
    const failing = { ...current('a'), condition: { sizeBytes: 2 } };
    const gone = { ...current('none'), condition: { sizeBytes: 7 } };
    const result = await deleteObjects(
      core,
      core.bucket,
      [matching, failing, gone, current('b')],
      core.alice,
    );
    expect(result.deleted).toMatchObject([gone, current('b')]);
    expect(result.failed).toMatchObject([
      { object: matching, error: { code: 'PreconditionFailed' } },
      { object: failing, error: { code: 'PreconditionFailed' } },
    ]);
    expect(await core.keys()).toEqual(['a']);
  });
});

describe('deleting keys that the index takes in several transactions', () => {
  it('deletes all of them, and keeps what any of the transactions kept', async () => {
    const core = await coreWithKeys('a', 'b', 'c', 'd');
    const deleteAll = core.index.deleteObjects.bind(core.index);
    const calls: number[] = [];
    vi.spyOn(core.index, 'deleteObjects').mockImplementation(async (id, deletions, ownerId) => {
      calls.push(deletions.length);
      const [first, ...others] = deletions;
      const results = first === undefined ? [] : await deleteAll(id, [first], ownerId);
      const left = { outcome: 'unfinished' as const, deleteMarkerVersionId: null };
      return [...results, ...others.map(() => left)];
    });
    const objects = [
      current('a'),
      { ...current('b'), condition: { ifMatch: ['x'] } },
      { ...current('c'), condition: { ifMatch: ['x'] } },
      current('d'),
    ];
    const { deleted, failed } = await deleteObjects(core, core.bucket, objects, core.alice);
    expect(calls).toEqual([4, 3, 2, 1]);
    expect(deleted.map(({ key }) => key)).toEqual(['a', 'd']);
    expect(failed.map(({ object }) => object.key)).toEqual(['b', 'c']);
    expect(await core.keys()).toEqual(['b', 'c']);
  });
});
