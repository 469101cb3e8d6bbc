import { describe, expect, it } from 'vitest';
import { getBucket } from '../../../src/core/access/access.ts';
import { createBucket, deleteBucket, listBuckets } from '../../../src/core/buckets.ts';
import { putObject } from '../../../src/core/put-object.ts';
import { createTestCore, type TestCore } from '../../support/core-services.ts';
import { incomingContent } from '../../support/incoming-content.ts';

function putCat(core: TestCore) {
  return putObject(core, {
    bucket: core.bucket,
    key: 'cat.jpg',
    caller: core.alice,
    description: { headers: {}, userMetadata: {} },
    content: incomingContent('cat'),
    signal: new AbortController().signal,
  });
}

describe('creating a bucket', () => {
  it('keeps owner, time and location as given', async () => {
    const core = await createTestCore();
    expect(await createBucket(core, core.alice, 'films', 'eu-west-1')).toMatchObject({
      name: 'films',
      ownerId: core.alice.userId,
      locationConstraint: 'eu-west-1',
      createdAtMs: core.clock.nowMs,
    });
  });

  it('again by its owner is no error in us-east-1 and changes nothing', async () => {
    const core = await createTestCore();
    await putCat(core);
    expect(await createBucket(core, core.alice, 'photos', 'eu-west-1')).toEqual(core.bucket);
    expect(await core.keys()).toEqual(['cat.jpg']);
  });

  it.each([
    ['eu-central-1', 'alice', 'BucketAlreadyOwnedByYou'],
    ['us-east-1', 'bob', 'BucketAlreadyExists'],
    ['eu-central-1', 'bob', 'BucketAlreadyExists'],
    ['us-east-1', 'root', 'BucketAlreadyExists'],
  ] as const)('in %s again by %s is %s', async (region, who, code) => {
    const core = await createTestCore({ region });
    const created = createBucket(core, core[who], 'photos', null);
    await expect(created).rejects.toMatchObject({ code, facts: { BucketName: 'photos' } });
  });

  it.each(['', ' ', 'eu west', '<eu>', 'e'.repeat(65)])('refuses location %j', async (location) => {
    const core = await createTestCore();
    const created = createBucket(core, core.alice, 'films', location);
    await expect(created).rejects.toMatchObject({ code: 'InvalidLocationConstraint' });
  });

  it('refuses names that break the rules', async () => {
    const core = await createTestCore();
    const created = createBucket(core, core.alice, 'Films', null);
    await expect(created).rejects.toMatchObject({ code: 'InvalidBucketName' });
  });
});

describe('a bucket', () => {
  it('finds it by name', async () => {
    const core = await createTestCore();
    expect(await getBucket(core, 'photos')).toEqual(core.bucket);
    await expect(getBucket(core, 'none')).rejects.toMatchObject({
      code: 'NoSuchBucket',
    });
  });
});

describe('listing buckets', () => {
  it('shows users their own and root all, page by page', async () => {
    const core = await createTestCore();
    await createBucket(core, core.bob, 'books', null);
    await createBucket(core, core.alice, 'films', null);
    const list = async (who: 'alice' | 'bob' | 'root', after: string, limit: number) => {
      const page = await listBuckets(core, core[who], { prefix: '', after, limit });
      return [page.buckets.map(({ name }) => name), page.nextAfter];
    };
    expect(await list('alice', '', 10)).toEqual([['films', 'photos'], null]);
    expect(await list('bob', '', 10)).toEqual([['books'], null]);
    expect(await list('root', '', 2)).toEqual([['books', 'films'], 'films']);
    expect(await list('root', 'films', 2)).toEqual([['photos'], null]);
    expect(await list('root', '', 3)).toEqual([['books', 'films', 'photos'], null]);
  });
});

describe('deleting a bucket', () => {
  it('with objects is refused', async () => {
    const core = await createTestCore();
    await putCat(core);
    await expect(deleteBucket(core, core.bucket)).rejects.toMatchObject({ code: 'BucketNotEmpty' });
  });

  it('a second time is NoSuchBucket', async () => {
    const core = await createTestCore();
    await deleteBucket(core, core.bucket);
    await expect(deleteBucket(core, core.bucket)).rejects.toMatchObject({ code: 'NoSuchBucket' });
  });

  it('while an object is written leaves the file in the queue', async () => {
    const core = await createTestCore();
    await deleteBucket(core, core.bucket);
    await expect(putCat(core)).rejects.toMatchObject({ code: 'NoSuchBucket' });
    expect(await core.queued()).toEqual([...core.blobs.files.keys()]);
  });
});
