import { describe, expect, it } from 'vitest';
import { DirectorySync } from '../../../../src/fastdfs/server/directory-sync.ts';
import { KeyLock } from '../../../../src/fastdfs/server/key-lock.ts';

describe('KeyLock', () => {
  it('runs tasks of one key in order, also behind one that throws', async () => {
    const lock = new KeyLock();
    const log: string[] = [];
    const task = (name: string) => async () => {
      log.push(`${name} starts`);
      await Promise.resolve();
      log.push(`${name} ends`);
      if (name === 'b') throw new Error('b fails');
      return name;
    };
    const results = await Promise.allSettled(
      ['a', 'b', 'c'].map((name) => lock.run('k', task(name))),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(log).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} starts`, `${name} ends`]));
  });

  it('lets tasks of other keys run meanwhile', async () => {
    const lock = new KeyLock();
    let release = () => {};
    const blocked = lock.run('one', () => new Promise<void>((resolve) => (release = resolve)));
    expect(await lock.run('other', async () => 'done')).toBe('done');
    release();
    await blocked;
  });
});

describe('DirectorySync', () => {
  it('serves many callers at once, and reports a directory that is gone', async () => {
    const sync = new DirectorySync();
    await Promise.all(Array.from({ length: 50 }, () => sync.sync('/tmp')));
    await expect(Promise.all([sync.sync('/nowhere'), sync.sync('/nowhere')])).rejects.toMatchObject(
      { code: 'ENOENT' },
    );
    await sync.sync('/tmp');
  });
});
