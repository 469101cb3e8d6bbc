import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IndexError } from '../../../src/object-index/object-index.ts';
import { SqliteRunner } from '../../../src/object-index/sqlite-database.ts';
import { openSqliteIndex } from '../../../src/object-index/sqlite-index.ts';
import { newObject, putObject } from '../../support/new-records.ts';
import { createBucket, DELETE_DELAY_MS } from '../../support/object-index.ts';

describe('openSqliteIndex', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sqlite-index-'));
    path = join(directory, 'data', 'index.db');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const open = (overrides = {}) =>
    openSqliteIndex({ path, deleteDelayMs: DELETE_DELAY_MS, threads: false, ...overrides });

  it('makes the file readable by its owner only and keeps what was written', async () => {
    const first = await open();
    const bucketId = await createBucket(first, 'photos');
    const object = await putObject(first, newObject(bucketId, 'k'));
    await first.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const second = await open();
    expect(await second.findObject(bucketId, 'k')).toEqual(object);
    expect((await putObject(second, newObject(bucketId, 'k2'))).id).toBeGreaterThan(object.id);
    await second.close();
  });

  describe('a write whose commit fails', () => {
    const failCommitsWith = (code: string) => {
      const control = SqliteRunner.prototype.control;
      vi.spyOn(SqliteRunner.prototype, 'control').mockImplementation(function (
        this: SqliteRunner,
        sql,
      ) {
        if (sql !== 'COMMIT') return control.call(this, sql);
        throw new Database.SqliteError('disk I/O error', code);
      });
    };
    afterEach(() => vi.restoreAllMocks());

    it.each([
      ['SQLITE_IOERR_FSYNC', true],
      ['SQLITE_IOERR', true],
      ['SQLITE_IOERR_WRITE', false],
      ['SQLITE_FULL', false],
      ['SQLITE_BUSY', false],
    ])('with %s: the index is told to be lost: %s', async (code, isLost) => {
      const failures: IndexError[] = [];
      const index = await open({ onFailure: (error: IndexError) => failures.push(error) });
      await index.queueDeletions(['group1/a'], 1);
      expect(failures).toEqual([]);
      failCommitsWith(code);
      await expect(index.queueDeletions(['group1/b'], 1)).rejects.toMatchObject({
        mayBeCommitted: isLost,
      });
      expect(failures).toHaveLength(isLost ? 1 : 0);
      vi.restoreAllMocks();
      await index.close();
    });
  });

  it('shows each writer of the same file what the other committed', async () => {
    const [gateway, command] = [await open(), await open()];
    const bucketId = await createBucket(gateway, 'photos');
    const object = await putObject(command, newObject(bucketId, 'k'));
    expect(await gateway.findObject(bucketId, 'k')).toEqual(object);
    await gateway.deleteObjects(bucketId, ['k']);
    expect(await command.findObject(bucketId, 'k')).toBeNull();
    await Promise.all([gateway.close(), command.close()]);
  });

  it('works in memory', async () => {
    const index = await open({ path: ':memory:' });
    const bucketId = await createBucket(index, 'photos');
    await putObject(index, newObject(bucketId, 'k'));
    const listing = { bucketId, prefix: '', delimiter: '', after: '', limit: 10 };
    expect((await index.listObjects(listing)).objects).toHaveLength(1);
    await index.close();
  });

  it('finishes what was called before it closes and refuses what comes after', async () => {
    const index = await open();
    const bucketId = await createBucket(index, 'photos');
    const put = putObject(index, newObject(bucketId, 'k'));
    await index.close();
    expect(await put).toMatchObject({ key: 'k' });
    const late = { name: 'IndexError', reason: 'failed' };
    await expect(index.putObject(newObject(bucketId, 'k'))).rejects.toMatchObject(late);
    await expect(index.findObject(bucketId, 'k')).rejects.toMatchObject(late);
    await expect(index.countDeletions()).rejects.toMatchObject(late);
  });

  it('refuses more writes than may wait', async () => {
    const index = await open({ waitingWritesMax: 2 });
    const calls = [1, 2, 3].map((n) => index.queueDeletions([`group1/${n}`], 1));
    await expect(calls[2]).rejects.toMatchObject({ reason: 'overloaded' });
    await Promise.all(calls.slice(0, 2));
    expect(await index.countDeletions()).toBe(2);
    await index.close();
  });

  it('verifies that it can commit by commits of its own, unless others have just done so', async () => {
    const index = await open();
    const bucketId = await createBucket(index, 'photos');
    const before = await index.measure();
    await index.verifyWritable();
    const verified = await index.measure();
    expect(verified.writeCount).toBe(before.writeCount + 1);
    expect(verified.logSizeBytes).toBeGreaterThan(before.logSizeBytes);
    await index.verifyWritable();
    expect((await index.measure()).writeCount).toBe(verified.writeCount);
    await putObject(index, newObject(bucketId, 'k'));
    await index.verifyWritable();
    expect((await index.measure()).writeCount).toBe(verified.writeCount + 1);
    await index.close();
  });

  it('measures what waits, was written and failed, and the size of its files', async () => {
    const index = await open({ waitingWritesMax: 2 });
    const calls = [1, 2, 3].map((n) => index.queueDeletions([`group1/${n}`], 1));
    const settled = Promise.allSettled(calls);
    expect(await index.measure()).toMatchObject({ writesWaiting: 2 });
    await settled;
    expect(await index.measure()).toMatchObject({
      writesWaiting: 0,
      listingsWaiting: 0,
      writeCount: 2,
      writeBatchCount: 1,
      writeFailures: { full: 0, overloaded: 1, failed: 0 },
      databaseSizeBytes: statSync(path).size,
    });
    await index.close();
  });

  it('refuses a file that is no database', async () => {
    const other = join(directory, 'notes.txt');
    writeFileSync(other, 'x'.repeat(5000));
    await expect(open({ path: other })).rejects.toThrow(/not a database/);
  });
});
