import { beforeEach, expect, it } from 'vitest';
import { publicAccessBlock } from '../../../../src/core/access/bucket-access-settings.ts';
import { putBucketPolicy } from '../../../../src/core/access/bucket-policy.ts';
import { bucketPolicy } from '../../../../src/core/access/policy/stored-policies.ts';
import {
  closeToPublic,
  isOpenToPublic,
  openToPublic,
} from '../../../../src/core/access/public-read.ts';
import { createBucket } from '../../../../src/core/buckets.ts';
import type { Bucket } from '../../../../src/object-index/records.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';

let core: TestCore;

beforeEach(async () => {
  core = await createTestCore();
  await createBucket(core, core.alice, 'pictures', null);
});

async function bucket(): Promise<Bucket> {
  const found = await core.index.findBucket('pictures');
  if (!found) throw new Error('the bucket is gone');
  return found;
}

const isOpen = async () => isOpenToPublic(await bucket(), core.now());
const sids = async () => bucketPolicy.of(await bucket())?.statements.map(({ sid }) => sid);

const forPartner = JSON.stringify({
  Statement: {
    Sid: 'Partner',
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::111122223333:user/bob' },
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::pictures/bob/*',
  },
});

it('opens a new bucket, and closes it again without a trace', async () => {
  expect(await isOpen()).toBe(false);
  await openToPublic(core, await bucket());
  expect(await isOpen()).toBe(true);
  await closeToPublic(core, await bucket());
  expect(await isOpen()).toBe(false);
  expect(await sids()).toBeUndefined();
});

it('leaves other statements of the policy, and its version, as they are', async () => {
  await putBucketPolicy(core, core.alice, await bucket(), forPartner);
  await openToPublic(core, await bucket());
  await openToPublic(core, await bucket());
  expect(await sids()).toEqual(['Partner', 'FastdfsS3PublicRead']);
  expect(bucketPolicy.of(await bucket())?.text).not.toContain('Version');
  await closeToPublic(core, await bucket());
  expect(await sids()).toEqual(['Partner']);
});

it('closes what others opened in another way', async () => {
  await publicAccessBlock.put(core, await bucket(), null);
  const everything = JSON.stringify({
    Statement: [
      { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::pictures/*' },
    ],
  });
  await putBucketPolicy(core, core.alice, await bucket(), everything);
  expect(await isOpen()).toBe(true);
  await closeToPublic(core, await bucket());
  expect(await isOpen()).toBe(false);
});

it('leaves the block of public ACLs alone when it opens', async () => {
  await openToPublic(core, await bucket());
  expect(publicAccessBlock.of(await bucket())).toEqual({
    blockPublicAcls: true,
    ignorePublicAcls: true,
    blockPublicPolicy: false,
    restrictPublicBuckets: false,
  });
});
