import { describe, expect, it } from 'vitest';
import { indexEngines, NOW_MS, useIndex } from '../../support/object-index.ts';

const bucketOf = (name: string) => ({
  name,
  ownerId: 'u1',
  locationConstraint: null,
  createdAtMs: 0,
});

describe.each(indexEngines)('domains of buckets in $name', ({ open }) => {
  const tested = useIndex(open);

  it('lead to their bucket, with its settings, until they are removed', async () => {
    const { index, bucketId } = tested;
    await index.setBucketSetting(bucketId, 'cors', '[]');
    expect(await index.findBucketByDomain('img.example.com')).toBeNull();
    expect(await index.putBucketDomain(bucketId, 'img.example.com')).toEqual({ outcome: 'stored' });
    expect(await index.putBucketDomain(bucketId, 'a.example.com')).toEqual({ outcome: 'stored' });
    expect(await index.putBucketDomain(bucketId, 'a.example.com')).toEqual({ outcome: 'stored' });
    expect(await index.findBucketByDomain('img.example.com')).toMatchObject({
      id: bucketId,
      settings: { cors: '[]' },
    });
    expect(await index.listBucketDomains(bucketId)).toEqual([
      { domain: 'a.example.com', createdAtMs: NOW_MS },
      { domain: 'img.example.com', createdAtMs: NOW_MS },
    ]);
    expect(await index.removeBucketDomain(bucketId, 'img.example.com')).toBe(true);
    expect(await index.removeBucketDomain(bucketId, 'img.example.com')).toBe(false);
    expect(await index.findBucketByDomain('img.example.com')).toBeNull();
  });

  it('belong to one bucket at a time', async () => {
    const { index, bucketId } = tested;
    const { bucket: other } = await index.createBucket(bucketOf('other'));
    await index.putBucketDomain(bucketId, 'img.example.com');
    expect(await index.putBucketDomain(other.id, 'img.example.com')).toEqual({
      outcome: 'taken',
      bucketName: 'photos',
    });
    expect(await index.removeBucketDomain(other.id, 'img.example.com')).toBe(false);
    expect((await index.findBucketByDomain('img.example.com'))?.id).toBe(bucketId);
    expect(await index.putBucketDomain(-1, 'b.example.com')).toEqual({ outcome: 'no-such-bucket' });
  });

  it('go with their bucket', async () => {
    const { index, bucketId } = tested;
    await index.putBucketDomain(bucketId, 'img.example.com');
    expect(await index.deleteBucket(bucketId)).toBe('deleted');
    expect(await index.findBucketByDomain('img.example.com')).toBeNull();
    expect(await tested.query('SELECT domain FROM bucket_domains')).toEqual([]);
  });
});
