import { afterEach, beforeEach, expect, it } from 'vitest';
import { Access } from '../../../../src/core/access/access.ts';
import { ownershipControls } from '../../../../src/core/access/bucket-access-settings.ts';
import { bucketPolicy } from '../../../../src/core/access/policy/stored-policies.ts';
import { changeEntry } from '../../../../src/core/kodo/change-entry.ts';
import { copyEntry, moveEntry } from '../../../../src/core/kodo/copy-entry.ts';
import { deleteEntries } from '../../../../src/core/kodo/delete-entries.ts';
import { createTestCore, type TestCore } from '../../../support/core-services.ts';
import { put } from '../../../support/put-objects.ts';

let core: TestCore;
beforeEach(async () => {
  core = await createTestCore();
  await put(core, { key: 'a' });
});
afterEach(() => core.index.close());

const facts = () => ({
  ...{ sourceIp: null, isSecure: true, nowMs: core.clock.nowMs },
  ...{ headers: { get: () => null }, query: { get: () => null } },
});
const bob = () => new Access(core.bob, facts());

/** Lets bob do this in alice's bucket. */
async function allow(...actions: string[]): Promise<void> {
  const statement = {
    ...{ Effect: 'Allow', Principal: { AWS: core.bob.userId }, Action: actions },
    Resource: ['arn:aws:s3:::photos', 'arn:aws:s3:::photos/*'],
  };
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await core.index.setBucketSetting(core.bucket.id, bucketPolicy.name, document);
}

const transferred = {
  source: { bucketName: 'photos', key: 'a' },
  destination: { bucketName: 'photos', key: 'b' },
  isForced: false,
};
const denied = { code: 'AccessDenied' };

it('a copy takes reading there and writing here, a move deleting as well', async () => {
  await allow('s3:GetObject');
  await expect(copyEntry(core, bob(), transferred)).rejects.toMatchObject(denied);
  await allow('s3:PutObject');
  await expect(copyEntry(core, bob(), transferred)).rejects.toMatchObject(denied);
  await allow('s3:GetObject', 's3:PutObject');
  await expect(moveEntry(core, bob(), transferred)).rejects.toMatchObject(denied);
  await copyEntry(core, bob(), transferred);
  await allow('s3:GetObject', 's3:PutObject', 's3:DeleteObject');
  await moveEntry(core, bob(), { ...transferred, isForced: true });
  expect(await core.keys()).toEqual(['b']);
});

it("who owns a copy is the bucket's setting, as for every write", async () => {
  await allow('s3:GetObject', 's3:PutObject');
  await copyEntry(core, bob(), transferred);
  const ownerOf = async (key: string) =>
    (await core.index.findObject(core.bucket.id, key))?.ownerId;
  expect(await ownerOf('b')).toBe(core.bob.userId);
  const { name } = ownershipControls;
  await core.index.setBucketSetting(core.bucket.id, name, 'BucketOwnerEnforced');
  await copyEntry(core, bob(), { ...transferred, isForced: true });
  expect(await ownerOf('b')).toBe(core.alice.userId);
});

it('tags go along with who may read and write them', async () => {
  const request = { bucketId: core.bucket.id, key: 'a', versionId: null };
  await core.index.changeObject({ ...request, change: { tags: { secret: 'x' } } });
  await allow('s3:GetObject', 's3:PutObject');
  await copyEntry(core, bob(), transferred);
  expect((await core.index.findObject(core.bucket.id, 'b'))?.tags).toBeNull();
  await copyEntry(core, new Access(core.alice, facts()), { ...transferred, isForced: true });
  expect((await core.index.findObject(core.bucket.id, 'b'))?.tags).toEqual({ secret: 'x' });
});

it('who may not list is not told what is missing', async () => {
  await allow('s3:DeleteObject', 's3:PutObject');
  const change = () => ({ expiresAtMs: null });
  const name = { bucketName: 'photos', key: 'none' };
  expect(await deleteEntries(core, bob(), 'photos', ['none'])).toMatchObject([denied]);
  await expect(changeEntry(core, bob(), ['s3:PutObject'], name, change)).rejects.toMatchObject(
    denied,
  );
  await allow('s3:DeleteObject', 's3:PutObject', 's3:ListBucket');
  expect(await deleteEntries(core, bob(), 'photos', ['none'])).toMatchObject([
    { code: 'NoSuchKey' },
  ]);
});

it('one deletion that is refused does not hold up others', async () => {
  await put(core, { key: 'b' });
  await allow('s3:DeleteObject', 's3:ListBucket');
  const failures = await deleteEntries(core, bob(), 'photos', ['a', 'none', 'b']);
  expect(failures.map((failure) => failure?.code ?? null)).toEqual([null, 'NoSuchKey', null]);
  await expect(deleteEntries(core, bob(), 'nowhere', ['a'])).rejects.toMatchObject({
    code: 'NoSuchBucket',
  });
});
