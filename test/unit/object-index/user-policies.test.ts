import { beforeEach, describe, expect, it } from 'vitest';
import type { AccessKey, User } from '../../../src/object-index/user-records.ts';
import { indexEngines, useIndex } from '../../support/object-index.ts';

const root: User = { id: 'u-root', name: 'root', isRoot: true, createdAtMs: 1 };
const reader: User = { id: 'u-reader', name: 'reader', isRoot: false, createdAtMs: 2 };
const key: AccessKey = {
  accessKeyId: 'AK1',
  userId: reader.id,
  secretEncrypted: Buffer.from('secret'),
  createdAtMs: 3,
  isActive: true,
  expiresAtMs: null,
};

describe.each(indexEngines)('policies of users in $name', ({ open }) => {
  const tested = useIndex(open);
  beforeEach(async () => {
    await tested.index.createUser(root);
    await tested.index.createUser(reader);
    await tested.index.putAccessKey(key);
  });

  const put = (name: string, document = '{}', userId = reader.id) =>
    tested.index.putUserPolicy(userId, { name, document });

  it('come with the access key, in order of name, as they are now', async () => {
    const { index } = tested;
    const found = async () =>
      (await index.findAccessKey('AK1'))?.policies.map(({ name, document }) => [name, document]);
    expect(await found()).toEqual([]);
    expect(await put('b')).toBe('stored');
    expect(await put('a', '{"a":1}')).toBe('stored');
    expect(await found()).toEqual([
      ['a', '{"a":1}'],
      ['b', '{}'],
    ]);
    await put('b', '{"b":2}');
    expect(await index.removeUserPolicy(reader.id, 'a')).toBe(true);
    expect(await index.removeUserPolicy(reader.id, 'a')).toBe(false);
    expect(await found()).toEqual([['b', '{"b":2}']]);
  });

  it('are for users that there are, not for root, and ten at most', async () => {
    expect(await put('a', '{}', 'nobody')).toBe('no-such-user');
    expect(await put('a', '{}', root.id)).toBe('is-root');
    for (let count = 0; count < 10; count += 1) expect(await put(`p${count}`)).toBe('stored');
    expect(await put('one-more')).toBe('too-many');
    expect(await put('p9', '{"new":1}')).toBe('stored');
    expect(await tested.index.listUserPolicies(reader.id)).toHaveLength(10);
  });

  it('go with the user', async () => {
    await put('a');
    expect(await tested.index.removeUser(reader.id)).toBe('removed');
    expect(await tested.index.listUserPolicies(reader.id)).toEqual([]);
  });
});

describe.each(indexEngines)('access keys that are changed in $name', ({ open }) => {
  const tested = useIndex(open);
  beforeEach(async () => {
    await tested.index.createUser(reader);
    await tested.index.putAccessKey(key);
  });

  it('keep what is not changed', async () => {
    const { index } = tested;
    const inactive = { ...key, isActive: false };
    expect(await index.changeAccessKey('AK1', { isActive: false })).toEqual(inactive);
    expect((await index.findAccessKey('AK1'))?.key).toEqual(inactive);
    const expiring = { ...inactive, expiresAtMs: 5 };
    expect(await index.changeAccessKey('AK1', { expiresAtMs: 5 })).toEqual(expiring);
    expect(await index.changeAccessKey('AK1', { isActive: true, expiresAtMs: null })).toEqual(key);
    expect((await index.findAccessKey('AK1'))?.key).toEqual(key);
    expect(await index.changeAccessKey('AK2', { isActive: true })).toBeNull();
  });
});
