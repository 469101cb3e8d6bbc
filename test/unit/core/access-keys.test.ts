import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AccessKeys, callerOf } from '../../../src/core/access-keys.ts';
import { SecretBox } from '../../../src/core/secrets.ts';
import type { ObjectIndex } from '../../../src/object-index/object-index.ts';
import { openSqliteIndex } from '../../../src/object-index/sqlite-index.ts';
import type { Logger } from '../../../src/support/logger.ts';

const pair = { accessKeyId: 'KEYOFALICE', secretAccessKey: 'secret-of-alice' };
let index: ObjectIndex;
let secrets: SecretBox;
let accessKeys: AccessKeys;

beforeEach(async () => {
  index = await openSqliteIndex({ path: ':memory:', threads: false, deleteDelayMs: 0 });
  secrets = new SecretBox(Buffer.alloc(32, 7));
  accessKeys = new AccessKeys({ index, secrets, now: () => 5 });
});

describe('credentials', () => {
  it('are the secret and who signs with it', async () => {
    const user = await accessKeys.createUser('alice');
    await accessKeys.addKey('alice', pair);
    expect(await accessKeys.findCredentials('KEYOFALICE')).toEqual({
      secretAccessKey: 'secret-of-alice',
      caller: callerOf(user, { accessKeyId: 'KEYOFALICE' }),
    });
  });

  it('are null for an unknown key, and once the key or its user is removed', async () => {
    expect(await accessKeys.findCredentials('KEYOFALICE')).toBeNull();
    await accessKeys.createUser('alice');
    await accessKeys.addKey('alice', pair);
    await accessKeys.findCredentials('KEYOFALICE');
    await accessKeys.removeKey('KEYOFALICE');
    expect(await accessKeys.findCredentials('KEYOFALICE')).toBeNull();
    await accessKeys.addKey('alice', pair);
    await accessKeys.removeUser('alice');
    expect(await accessKeys.findCredentials('KEYOFALICE')).toBeNull();
  });

  it('are null while the key is inactive and once it expired, and the log says why', async () => {
    const info = vi.fn();
    const logger = { info } as unknown as Logger;
    let now = 5;
    accessKeys = new AccessKeys({ index, secrets, now: () => now, logger });
    await accessKeys.createUser('alice');
    await accessKeys.addKey('alice', pair);
    await accessKeys.changeKey('KEYOFALICE', { isActive: false });
    expect(await accessKeys.findCredentials('KEYOFALICE')).toBeNull();
    const about = { accessKeyId: 'KEYOFALICE', user: 'alice' };
    expect(info).toHaveBeenLastCalledWith(about, 'request refused: the access key is inactive');
    await accessKeys.changeKey('KEYOFALICE', { isActive: true, expiresAtMs: 7 });
    now = 6;
    expect(await accessKeys.findCredentials('KEYOFALICE')).not.toBeNull();
    now = 7;
    expect(await accessKeys.findCredentials('KEYOFALICE')).toBeNull();
    expect(info).toHaveBeenLastCalledWith(
      about,
      'request refused: the access key expired at 1970-01-01T00:00:00.007Z',
    );
    await expect(accessKeys.changeKey('NOKEY', {})).rejects.toMatchObject({ code: 'NoSuchEntity' });
  });

  it('bring the policies of the user', async () => {
    const { id } = await accessKeys.createUser('alice');
    await accessKeys.addKey('alice', pair);
    await index.putUserPolicy(id, { name: 'mine', document: '{}' });
    expect(await accessKeys.findCredentials('KEYOFALICE')).toMatchObject({
      caller: { policies: [{ name: 'mine', document: '{}' }] },
    });
  });

  it('are decrypted once and again only when the secret is replaced', async () => {
    const open = vi.spyOn(secrets, 'open');
    await accessKeys.createUser('alice');
    await accessKeys.addKey('alice', pair);
    await accessKeys.findCredentials('KEYOFALICE');
    await accessKeys.findCredentials('KEYOFALICE');
    expect(open).toHaveBeenCalledTimes(1);
    await accessKeys.addKey('alice', { ...pair, secretAccessKey: 'another-secret' });
    const credentials = await accessKeys.findCredentials('KEYOFALICE');
    expect(credentials?.secretAccessKey).toBe('another-secret');
    expect(open).toHaveBeenCalledTimes(2);
  });

  it('are sealed at rest', async () => {
    await accessKeys.createUser('alice');
    await accessKeys.addKey('alice', pair);
    const [key] = await accessKeys.listKeys('alice');
    expect(key?.secretEncrypted.includes('secret-of-alice')).toBe(false);
  });
});

describe('keys', () => {
  it('that are random have 20 and 40 characters, and differ', async () => {
    await accessKeys.createUser('alice');
    const pairs = [await accessKeys.addKey('alice', null), await accessKeys.addKey('alice', null)];
    for (const { accessKeyId, secretAccessKey } of pairs) {
      expect(accessKeyId).toMatch(/^[A-Z2-7]{20}$/);
      expect(secretAccessKey).toMatch(/^[A-Za-z0-9]{40}$/);
    }
    expect(new Set(pairs.flatMap((one) => Object.values(one))).size).toBe(4);
  });

  it.each([
    ['ab', 'long-enough'],
    ['with/slash', 'long-enough'],
    ['with,comma', 'long-enough'],
    ['a'.repeat(129), 'long-enough'],
    ['KEYOFALICE', 'short'],
    ['KEYOFALICE', 'with a space'],
    ['KEYOFALICE', 'ungültig-ungültig'],
  ])('%j with %j is refused', async (accessKeyId, secretAccessKey) => {
    await accessKeys.createUser('alice');
    const added = accessKeys.addKey('alice', { accessKeyId, secretAccessKey });
    await expect(added).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  it('belong to one user', async () => {
    await accessKeys.createUser('alice');
    await accessKeys.createUser('bob');
    await accessKeys.addKey('alice', pair);
    const added = accessKeys.addKey('bob', pair);
    await expect(added).rejects.toMatchObject({ code: 'EntityAlreadyExists' });
    expect((await accessKeys.listKeys('bob')).length).toBe(0);
    expect((await accessKeys.listKeys(null)).length).toBe(1);
  });

  it('that are not there cannot be removed', async () => {
    const removed = accessKeys.removeKey('KEYOFALICE');
    await expect(removed).rejects.toMatchObject({ code: 'NoSuchEntity' });
  });
});

describe('users', () => {
  it.each(['', 'a b', 'a/b', 'é', 'a'.repeat(65)])('%j is no name', async (name) => {
    const created = accessKeys.createUser(name);
    await expect(created).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  it('have names of their own', async () => {
    await accessKeys.createUser('alice');
    const created = accessKeys.createUser('alice');
    await expect(created).rejects.toMatchObject({ code: 'EntityAlreadyExists' });
  });

  it('stay while they own buckets, and root stays always', async () => {
    const { id } = await accessKeys.createUser('alice');
    const bucket = { name: 'photos', ownerId: id, locationConstraint: null, createdAtMs: 0 };
    await index.createBucket(bucket);
    await accessKeys.ensureRoot(null);
    for (const name of ['alice', 'root']) {
      const removed = accessKeys.removeUser(name);
      await expect(removed).rejects.toMatchObject({ code: 'DeleteConflict' });
    }
    await expect(accessKeys.removeUser('bob')).rejects.toMatchObject({ code: 'NoSuchEntity' });
  });
});

describe('root', () => {
  it('gets a random key at the first start and keeps it', async () => {
    const kept: unknown[] = [];
    // Written down first: a crash in between must not leave a key that nobody knows.
    const failing = accessKeys.ensureRoot(null, () => {
      throw new Error('killed');
    });
    await expect(failing).rejects.toThrow('killed');
    const made = await accessKeys.ensureRoot(null, (pair) => kept.push(pair));
    expect(kept).toEqual([made]);
    expect(await accessKeys.ensureRoot(null)).toBeNull();
    const credentials = await accessKeys.findCredentials(made?.accessKeyId ?? '');
    expect(credentials).toMatchObject({
      secretAccessKey: made?.secretAccessKey,
      caller: { isRoot: true, userName: 'root' },
    });
    expect((await accessKeys.listUsers()).length).toBe(1);
  });

  it('gets the configured key, written only when it changed', async () => {
    expect(await accessKeys.ensureRoot(pair)).toBeNull();
    const put = vi.spyOn(index, 'putAccessKey');
    await accessKeys.ensureRoot(pair);
    expect(put).not.toHaveBeenCalled();
    await accessKeys.ensureRoot({ ...pair, secretAccessKey: 'another-secret' });
    const credentials = await accessKeys.findCredentials('KEYOFALICE');
    expect(credentials?.secretAccessKey).toBe('another-secret');
  });

  it('gets its configured key again when the master key was lost', async () => {
    await accessKeys.ensureRoot(pair);
    const otherSecrets = new SecretBox(Buffer.alloc(32, 8));
    const restarted = new AccessKeys({ index, secrets: otherSecrets, now: () => 6 });
    await restarted.ensureRoot(pair);
    const credentials = await restarted.findCredentials('KEYOFALICE');
    expect(credentials?.secretAccessKey).toBe('secret-of-alice');
  });
});
