import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  createKeylessUpload,
  dropOldKeylessUploads,
  findKeylessUpload,
  keylessUploadsKeptMs,
} from '../../../../src/core/multipart/keyless-uploads.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';

let core: TestCore;
beforeEach(async () => {
  core = await createTestCore();
});
afterEach(() => core.index.close());

async function create(): Promise<string> {
  const { bucket, alice } = core;
  const description = { headers: {}, userMetadata: {} };
  const who = { ownerId: alice.userId, initiatorId: alice.userId };
  return (await createKeylessUpload(core, { bucket, ...who, description })).uploadId;
}

it('is found until its time is over', async () => {
  const uploadId = await create();
  core.clock.nowMs += keylessUploadsKeptMs;
  expect(await findKeylessUpload(core, core.bucket, uploadId)).toMatchObject({ uploadId, key: '' });
  core.clock.nowMs += 1;
  expect(await findKeylessUpload(core, core.bucket, uploadId)).toBeNull();
});

it('goes once it is old, and no other does', async () => {
  const old = [];
  for (let count = 0; count < 45; count += 1) old.push(await create());
  core.clock.nowMs += keylessUploadsKeptMs / 2;
  const young = await create();
  core.clock.nowMs += keylessUploadsKeptMs * 0.75;
  await dropOldKeylessUploads(core, core.clock.nowMs);
  for (const uploadId of old) {
    expect(await core.index.findUpload(core.bucket.id, '', uploadId)).toBeNull();
  }
  expect(await core.index.findUpload(core.bucket.id, '', young)).not.toBeNull();
});

it('is for buckets that are there', async () => {
  await core.index.deleteBucket(core.bucket.id);
  await expect(create()).rejects.toMatchObject({ code: 'NoSuchBucket' });
});
