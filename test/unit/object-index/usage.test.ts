import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { newObject, newPart, newUpload, putObject } from '../../support/new-records.ts';
import { createBucket, indexEngines, NOW_MS, useIndex } from '../../support/object-index.ts';
import { anyWrite, RandomWriter } from '../../support/random-writes.ts';

const unlimited = { sizeBytes: null, objectCount: null };

describe.each(indexEngines)('usage in $name', ({ name, open }) => {
  const tested = useIndex(open);
  const file = (fileName: string, size: number) => [
    { fileId: `group1/${fileName}`, fileOffset: 0, size },
  ];
  const put = (key: string, size: number, bucketId = tested.bucketId) =>
    tested.index.putObject(
      newObject(bucketId, key, { size, segments: size === 0 ? [] : file(`${key}-${size}`, size) }),
    );

  beforeEach(async () => {
    await tested.index.createUser({
      ...{ id: 'owner', name: 'ann', isRoot: false, createdAtMs: NOW_MS },
    });
  });

  it('follows puts, overwrites, copies, completed uploads and deletions', async () => {
    const { index, bucketId } = tested;
    expect(await index.findBucketUsage(bucketId)).toEqual({ objectCount: 0, sizeBytes: 0 });
    await put('a', 10);
    await put('a', 4);
    const source = await putObject(index, newObject(bucketId, 'b', { segments: file('b', 5) }));
    await index.copyObject({
      ...{ source: { bucketId, key: 'b' }, sourceObjectId: source.id, ownerId: 'owner' },
      ...{ destination: { bucketId, key: 'c' }, lastModifiedMs: NOW_MS, description: null },
    });
    const upload = newUpload(bucketId, 'd', 'u');
    await index.createUpload(upload);
    const etag = 'd41d8cd98f00b204e9800998ecf8427e';
    await index.putPart(newPart(upload, 1, { segments: file('part', 100), etag }));
    expect(await index.findBucketUsage(bucketId)).toEqual({ objectCount: 3, sizeBytes: 14 });
    await index.completeUpload({
      ...{ bucketId, key: 'd', uploadId: 'u', parts: [{ partNumber: 1, etag }] },
      ...{ etag: `${etag}-1`, checksum: null, lastModifiedMs: NOW_MS },
    });
    expect(await index.findBucketUsage(bucketId)).toEqual({ objectCount: 4, sizeBytes: 114 });
    await index.deleteObjects(bucketId, ['a', 'd', 'missing']);
    expect(await index.findBucketUsage(bucketId)).toEqual({ objectCount: 2, sizeBytes: 10 });
    expect(await index.findUserUsage('owner')).toEqual({ objectCount: 2, sizeBytes: 10 });
  });

  it('of a user is that of all its buckets, and goes with it', async () => {
    const { index, bucketId } = tested;
    const other = await createBucket(index, 'other');
    await put('a', 10);
    await put('a', 7, other);
    expect(await index.findUserUsage('owner')).toEqual({ objectCount: 2, sizeBytes: 17 });
    await index.deleteObjects(other, ['a']);
    await index.deleteBucket(other);
    expect(await index.findUserUsage('owner')).toEqual({ objectCount: 1, sizeBytes: 10 });
    await index.deleteObjects(bucketId, ['a']);
    await index.deleteBucket(bucketId);
    await index.removeUser('owner');
    const rows = 'SELECT 1 FROM bucket_usage UNION ALL SELECT 1 FROM user_usage';
    expect(await tested.query(rows)).toEqual([]);
  });

  it('equals the rows after any writes', async () => {
    const runs = name === 'SQLite' ? 60 : 8;
    const writes = fc.array(anyWrite, { minLength: 1, maxLength: 40 });
    let bucketCount = 0;
    await fc.assert(
      fc.asyncProperty(writes, async (sequence) => {
        bucketCount += 1;
        const bucketId = await createBucket(tested.index, `random-${bucketCount}`);
        const writer = new RandomWriter(tested.index, bucketId);
        for (const write of sequence) await writer.write(write);
        const [rows] = await tested.query<{ count: number; size: number }>(
          `SELECT COUNT(*) AS count, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS size FROM objects
            WHERE bucket_id = ? AND is_delete_marker = 0`,
          bucketId,
        );
        expect(await tested.index.findBucketUsage(bucketId)).toEqual({
          objectCount: rows?.count,
          sizeBytes: rows?.size,
        });
      }),
      { numRuns: runs },
    );
    const [all] = await tested.query<{ count: number; size: number }>(
      `SELECT COUNT(*) AS count, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS size FROM objects
        WHERE is_delete_marker = 0`,
    );
    const usage = await tested.index.findUserUsage('owner');
    expect(usage).toEqual({ objectCount: all?.count, sizeBytes: all?.size });
  }, 60_000);

  it.each(['bucket', 'owner'] as const)('is bounded by the quota of the %s', async (usedBy) => {
    const { index, bucketId } = tested;
    const holder =
      usedBy === 'bucket'
        ? { kind: 'bucket' as const, bucketId }
        : { kind: 'user' as const, userId: 'owner' };
    await put('a', 60);
    expect(await index.setQuota(holder, { sizeBytes: 100, objectCount: 2 })).toBe(true);
    expect((await index.findBucket('photos'))?.isQuotaBound).toBe(true);
    expect(await put('b', 41)).toEqual({
      ...{ outcome: 'quota-exceeded', usedBy, unit: 'bytes', quota: 100, used: 60, growth: 41 },
    });
    expect(await index.findObject(bucketId, 'b')).toBeNull();
    expect((await put('b', 40)).outcome).toBe('stored');
    expect(await put('c', 0)).toMatchObject({
      outcome: 'quota-exceeded',
      unit: 'objects',
      used: 2,
    });
    // What takes the place of something else counts by the difference.
    expect((await put('a', 60)).outcome).toBe('stored');
    expect((await put('a', 61)).outcome).toBe('quota-exceeded');
    const growth = { objectCount: 1, sizeBytes: 0 };
    expect(await index.findRefusedGrowth(bucketId, growth)).toMatchObject({ unit: 'objects' });
    await index.setQuota(holder, unlimited);
    expect(await index.findRefusedGrowth(bucketId, growth)).toBeNull();
    expect((await index.findBucket('photos'))?.isQuotaBound).toBe(false);
    expect((await put('c', 1000)).outcome).toBe('stored');
  });

  it('lets a bucket above its quota shrink, and refuses every other kind of growth', async () => {
    const { index, bucketId } = tested;
    const source = await putObject(index, newObject(bucketId, 'a', { segments: file('a', 50) }));
    const upload = newUpload(bucketId, 'd', 'u');
    await index.createUpload(upload);
    const etag = 'd41d8cd98f00b204e9800998ecf8427e';
    await index.putPart(newPart(upload, 1, { segments: file('part', 9), etag }));
    await index.setQuota({ kind: 'bucket', bucketId }, { sizeBytes: 20, objectCount: null });
    const copied = await index.copyObject({
      ...{ source: { bucketId, key: 'a' }, sourceObjectId: source.id, ownerId: 'owner' },
      ...{ destination: { bucketId, key: 'c' }, lastModifiedMs: NOW_MS, description: null },
    });
    expect(copied.outcome).toBe('quota-exceeded');
    const complete = () =>
      index.completeUpload({
        ...{ bucketId, key: 'd', uploadId: 'u', parts: [{ partNumber: 1, etag }] },
        ...{ etag: `${etag}-1`, checksum: null, lastModifiedMs: NOW_MS },
      });
    expect((await complete()).outcome).toBe('quota-exceeded');
    expect((await put('a', 40)).outcome).toBe('stored');
    await put('a', 0);
    // The upload was kept, so that it can be completed once there is room.
    expect((await complete()).outcome).toBe('completed');
    expect(await index.findBucketUsage(bucketId)).toEqual({ objectCount: 2, sizeBytes: 9 });
  });

  it('has no quota of what does not exist', async () => {
    const { index } = tested;
    expect(await index.setQuota({ kind: 'bucket', bucketId: 999 }, unlimited)).toBe(false);
    expect(await index.setQuota({ kind: 'user', userId: 'nobody' }, unlimited)).toBe(false);
    expect(await index.findUserQuota('nobody')).toBeNull();
    expect(await index.findUserQuota('owner')).toEqual(unlimited);
  });
});
