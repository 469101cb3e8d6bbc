import { beforeEach, describe, expect, it } from 'vitest';
import type { AccessKey, User } from '../../../src/object-index/user-records.ts';
import { indexEngines, useIndex } from '../../support/object-index.ts';

const root: User = { id: 'u-root', name: 'root', isRoot: true, createdAtMs: 1 };
const reader: User = { id: 'u-reader', name: 'reader', isRoot: false, createdAtMs: 2 };

function keyOf(user: User, accessKeyId: string, secret = 'secret'): AccessKey {
  const secretEncrypted = Buffer.from(`\0\u00ff${secret}`, 'latin1');
  return {
    accessKeyId,
    userId: user.id,
    secretEncrypted,
    createdAtMs: 3,
    isActive: false,
    expiresAtMs: 4,
  };
}

describe.each(indexEngines)('users and access keys in $name', ({ open }) => {
  const tested = useIndex(open);
  beforeEach(async () => {
    await tested.index.createUser(root);
    await tested.index.createUser(reader);
  });

  it('finds users as they were created', async () => {
    const { index } = tested;
    expect(await index.findUser('u-root')).toEqual(root);
    expect(await index.findUserByName('reader')).toEqual(reader);
    expect(await index.findUser('reader')).toBeNull();
    expect(await index.findUserByName('u-reader')).toBeNull();
    expect(await index.listUsers()).toEqual([reader, root]);
  });

  it('refuses a name that is taken and a second root', async () => {
    const { index } = tested;
    expect(await index.createUser({ ...reader, id: 'u-2' })).toBe('name-taken');
    expect(await index.createUser({ ...root, id: 'u-3', name: 'admin' })).toBe('name-taken');
    expect(await index.listUsers()).toHaveLength(2);
  });

  it('finds an access key with its user', async () => {
    const { index } = tested;
    const key = keyOf(reader, 'AK1');
    expect(await index.putAccessKey(key)).toBe('stored');
    const found = await index.findAccessKey('AK1');
    expect(found).toEqual({ key, user: reader, policies: [] });
    expect(Buffer.isBuffer(found?.key.secretEncrypted)).toBe(true);
    expect(await index.findAccessKey('ak1')).toBeNull();
  });

  it('replaces the secret for the same user only', async () => {
    const { index } = tested;
    await index.putAccessKey(keyOf(reader, 'AK1'));
    const replaced = keyOf(reader, 'AK1', 'other');
    expect(await index.putAccessKey(replaced)).toBe('stored');
    expect(await index.putAccessKey(keyOf(root, 'AK1'))).toBe('belongs-to-another-user');
    expect(await index.findAccessKey('AK1')).toEqual({
      ...{ key: replaced, user: reader, policies: [] },
    });
  });

  it('refuses a key for a user that does not exist', async () => {
    const key = { ...keyOf(reader, 'AK1'), userId: 'nobody' };
    await expect(tested.index.putAccessKey(key)).rejects.toMatchObject({ reason: 'failed' });
  });

  it('lists and removes access keys', async () => {
    const { index } = tested;
    for (const key of [keyOf(root, 'AK3'), keyOf(reader, 'AK2'), keyOf(reader, 'AK1')]) {
      await index.putAccessKey(key);
    }
    const ids = async (userId: string | null) =>
      (await index.listAccessKeys(userId)).map(({ accessKeyId }) => accessKeyId);
    expect(await ids(null)).toEqual(['AK1', 'AK2', 'AK3']);
    expect(await ids(reader.id)).toEqual(['AK1', 'AK2']);
    expect(await index.removeAccessKey('AK1')).toBe(true);
    expect(await index.removeAccessKey('AK1')).toBe(false);
    expect(await ids(reader.id)).toEqual(['AK2']);
  });

  it('removes a user with its keys', async () => {
    const { index } = tested;
    await index.putAccessKey(keyOf(reader, 'AK1'));
    expect(await index.removeUser(reader.id)).toBe('removed');
    expect(await index.findAccessKey('AK1')).toBeNull();
    expect(await index.findUser(reader.id)).toBeNull();
    expect(await index.removeUser(reader.id)).toBe('no-such-user');
  });

  it('keeps root and users that own buckets', async () => {
    const { index } = tested;
    await index.createBucket({
      name: 'of-reader',
      ownerId: reader.id,
      locationConstraint: null,
      createdAtMs: 1,
    });
    expect(await index.removeUser(reader.id)).toBe('owns-buckets');
    expect(await index.removeUser(root.id)).toBe('is-root');
    expect(await index.listUsers()).toHaveLength(2);
  });
});
