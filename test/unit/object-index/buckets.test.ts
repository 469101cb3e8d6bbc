import { describe, expect, it } from 'vitest';
import { newObject, newPart, newUpload } from '../../support/new-records.ts';
import {
  createBucket,
  indexEngines,
  NOW_MS,
  queuedFiles,
  useIndex,
} from '../../support/object-index.ts';

describe.each(indexEngines)('buckets in $name', ({ open }) => {
  const tested = useIndex(open);

  it('finds a bucket as it was created', async () => {
    const { index } = tested;
    const bucket = {
      name: 'fotos',
      ownerId: 'u1',
      locationConstraint: 'eu-west-1',
      createdAtMs: 12,
      versioning: 'Enabled' as const,
      hasObjectLock: true,
      settings: { policy: '{}', tags: '{"a":"b"}' },
    };
    const { created, bucket: stored } = await index.createBucket(bucket);
    expect(created).toBe(true);
    expect(stored).toEqual({
      ...bucket,
      id: stored.id,
      quota: { sizeBytes: null, objectCount: null },
      isQuotaBound: false,
    });
    expect(await index.findBucket('fotos')).toEqual(stored);
    expect(await index.findBucket('other')).toBeNull();
    expect(await index.findBucketById(stored.id)).toEqual(stored);
    expect(await index.findBucketById(stored.id + 1)).toBeNull();
  });

  it('keeps what is set on a bucket until it is removed', async () => {
    const { index, bucketId } = tested;
    const settings = async () => (await index.findBucket('photos'))?.settings;
    expect(await index.setBucketSetting(bucketId, 'policy', 'old')).toBe('stored');
    await index.setBucketSetting(bucketId, 'policy', 'new');
    await index.setBucketSetting(bucketId, 'cors', 'rules');
    expect(await settings()).toEqual({ policy: 'new', cors: 'rules' });
    await index.setBucketSetting(bucketId, 'policy', null);
    expect(await settings()).toEqual({ cors: 'rules' });
    expect(await index.setBucketSetting(bucketId + 1, 'cors', 'x')).toBe('no-such-bucket');
  });

  it('gives the existing bucket when the name is taken', async () => {
    const { index, bucketId } = tested;
    const again = await index.createBucket({
      name: 'photos',
      ownerId: 'someone-else',
      locationConstraint: null,
      createdAtMs: 1,
    });
    expect(again).toMatchObject({ created: false, bucket: { id: bucketId, ownerId: 'owner' } });
  });

  it('creates a bucket once when it is asked for at the same time', async () => {
    const request = { name: 'race', ownerId: 'o', locationConstraint: null, createdAtMs: 1 };
    const answers = await Promise.all(
      [1, 2, 3].map(() => tested.index.createBucket({ ...request })),
    );
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
  });

  it('lists by name, prefix, owner, marker and limit', async () => {
    const { index } = tested;
    for (const [name, ownerId] of [
      ['a1', 'x'],
      ['a2', 'y'],
      ['b1', 'x'],
    ] as const) {
      await index.createBucket({ name, ownerId, locationConstraint: null, createdAtMs: NOW_MS });
    }
    const names = async (request: Partial<Parameters<typeof index.listBuckets>[0]>) => {
      const defaults = { ownerId: null, prefix: '', after: '', limit: 100 };
      return (await index.listBuckets({ ...defaults, ...request })).map(({ name }) => name);
    };
    expect(await names({})).toEqual(['a1', 'a2', 'b1', 'photos']);
    expect(await names({ ownerId: 'x' })).toEqual(['a1', 'b1']);
    expect(await names({ prefix: 'a' })).toEqual(['a1', 'a2']);
    expect(await names({ ownerId: 'x', prefix: 'a' })).toEqual(['a1']);
    expect(await names({ after: 'a1', limit: 2 })).toEqual(['a2', 'b1']);
    expect(await names({ prefix: 'a', after: 'a1' })).toEqual(['a2']);
    expect(await names({ limit: 0 })).toEqual([]);
  });

  it('deletes an empty bucket and never gives its ID again', async () => {
    const { index, bucketId } = tested;
    expect(await index.deleteBucket(bucketId)).toBe('deleted');
    expect(await index.findBucket('photos')).toBeNull();
    expect(await index.deleteBucket(bucketId)).toBe('no-such-bucket');
    expect(await createBucket(index, 'photos')).not.toBe(bucketId);
  });

  it('does not delete a bucket with an object', async () => {
    const { index, bucketId } = tested;
    await index.putObject(newObject(bucketId, 'k', { size: 0 }));
    expect(await index.deleteBucket(bucketId)).toBe('not-empty');
    await index.deleteObjects(bucketId, ['k']);
    expect(await index.deleteBucket(bucketId)).toBe('deleted');
  });

  it('drops the unfinished uploads of a deleted bucket and queues their files', async () => {
    const { index, bucketId } = tested;
    const upload = newUpload(bucketId, 'k', 'u1');
    await index.createUpload(upload);
    const part = newPart(upload, 1);
    await index.putPart(part);
    await index.createUpload(newUpload(bucketId, 'k', 'u2'));
    expect(await index.deleteBucket(bucketId)).toBe('deleted');
    expect(await index.findUpload(bucketId, 'k', 'u1')).toBeNull();
    expect(await queuedFiles(tested)).toEqual(part.segments.map(({ fileId }) => fileId));
  });

  it('drops the settings of a bucket with it, and no others', async () => {
    const { index, bucketId, execute, query } = tested;
    const other = await createBucket(index, 'other');
    for (const id of [bucketId, other]) {
      await execute(
        "INSERT INTO bucket_settings VALUES (?, 'policy', '{}', 1), (?, 'lifecycle', '<a/>', 1)",
        id,
        id,
      );
    }
    expect(await index.deleteBucket(bucketId)).toBe('deleted');
    expect(await query('SELECT bucket_id, name FROM bucket_settings ORDER BY name')).toEqual([
      { bucket_id: other, name: 'lifecycle' },
      { bucket_id: other, name: 'policy' },
    ]);
  });

  it('accepts nothing for a bucket that is gone', async () => {
    const { index, bucketId } = tested;
    await index.deleteBucket(bucketId);
    expect(await index.putObject(newObject(bucketId, 'k'))).toEqual({ outcome: 'no-such-bucket' });
    expect(await index.createUpload(newUpload(bucketId, 'k', 'u'))).toBe('no-such-bucket');
  });
});
