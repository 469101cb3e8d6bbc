import { describe, expect, it } from 'vitest';
import { newObject, putObject } from '../../support/new-records.ts';
import {
  createBucket,
  indexEngines,
  NOW_MS,
  queuedFiles,
  useIndex,
} from '../../support/object-index.ts';

describe.each(indexEngines)('expireObjects in $name', ({ open }) => {
  const tested = useIndex(open);
  const put = (key: string, expiresAtMs: number | null, bucketId = tested.bucketId) =>
    putObject(tested.index, newObject(bucketId, key, { expiresAtMs }));
  const keys = async () => {
    const rows = await tested.query<{ key: string }>('SELECT key FROM objects ORDER BY key');
    return rows.map(({ key }) => key);
  };

  it('deletes what is due in every bucket, and nothing else', async () => {
    const { index, bucketId } = tested;
    const other = await createBucket(index, 'other');
    const due = [await put('due', NOW_MS), await put('late', NOW_MS - 9), await put('x', 5, other)];
    await put('later', NOW_MS + 1);
    await put('never', null);
    expect(await index.findNextExpiry()).toBe(5);
    const expired = await index.expireObjects(100);
    expect(expired).toHaveLength(3);
    expect(expired).toContainEqual({ bucketId, key: 'late' });
    expect(expired).toContainEqual({ bucketId: other, key: 'x' });
    expect(await keys()).toEqual(['later', 'never']);
    expect(await queuedFiles(tested)).toEqual(due.map(({ fileId }) => fileId).sort());
    expect(await index.findNextExpiry()).toBe(NOW_MS + 1);
    expect(await index.expireObjects(100)).toEqual([]);
  });

  it('begins with what is due longest, up to the limit', async () => {
    await put('a', NOW_MS - 1);
    await put('b', NOW_MS - 3);
    await put('c', NOW_MS - 2);
    const expired = await tested.index.expireObjects(2);
    expect(expired.map(({ key }) => key)).toEqual(['b', 'c']);
    expect(await keys()).toEqual(['a']);
  });

  it('spares an object that was replaced or whose time was taken back', async () => {
    const { index, bucketId } = tested;
    await put('replaced', NOW_MS - 1);
    await put('replaced', null);
    await put('kept', NOW_MS - 1);
    await index.changeObject({
      ...{ bucketId, key: 'kept', versionId: null },
      change: { expiresAtMs: null },
    });
    expect(await index.expireObjects(10)).toEqual([]);
    expect(await keys()).toEqual(['kept', 'replaced']);
  });

  it('leaves a delete marker where there are versions, and older versions alone', async () => {
    const { index, bucketId } = tested;
    await index.setBucketVersioning(bucketId, 'Enabled');
    const older = await put('old', NOW_MS - 1);
    const newer = await put('old', null);
    const current = await put('current', NOW_MS - 1);
    expect(await index.expireObjects(10)).toEqual([{ bucketId, key: 'current' }]);
    expect(await index.findObject(bucketId, 'current')).toMatchObject({ isDeleteMarker: true });
    expect(await index.findObject(bucketId, 'current', current.versionId)).toMatchObject({
      ...{ id: current.id, expiresAtMs: null },
    });
    expect(await index.findObject(bucketId, 'old')).toEqual(newer);
    expect(await index.findObject(bucketId, 'old', older.versionId)).not.toBeNull();
    expect(await index.findNextExpiry()).toBeNull();
  });

  it('does not touch a locked version', async () => {
    const { index, bucketId } = tested;
    await index.setBucketVersioning(bucketId, 'Enabled');
    const retention = { mode: 'COMPLIANCE', untilMs: NOW_MS + 1000 } as const;
    const object = newObject(bucketId, 'locked', { retention, expiresAtMs: NOW_MS - 1 });
    const stored = await putObject(index, object);
    await index.expireObjects(10);
    expect(await index.findObject(bucketId, 'locked', stored.versionId)).toMatchObject({
      ...{ id: stored.id, retention },
    });
    expect(await queuedFiles(tested)).toEqual([]);
  });

  it('removes the null version where versions are suspended', async () => {
    const { index, bucketId } = tested;
    await index.setBucketVersioning(bucketId, 'Enabled');
    await index.setBucketVersioning(bucketId, 'Suspended');
    const stored = await put('k', NOW_MS - 1);
    await index.expireObjects(10);
    expect(await index.findObject(bucketId, 'k')).toMatchObject({ isDeleteMarker: true });
    expect(await queuedFiles(tested)).toEqual([stored.fileId]);
  });
});
