import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectIndex } from '../../src/object-index/object-index.ts';
import type * as SqliteIndex from '../../src/object-index/sqlite-index.ts';
import { compiledIndex, IndexWriterProcess } from '../support/index-writer-process.ts';
import { newObject, newPart, newUpload, putObject } from '../support/new-records.ts';
import { createBucket } from '../support/object-index.ts';

describe('the SQLite index on threads', () => {
  let directory: string;
  let path: string;
  let index: ObjectIndex;
  let bucketId: number;

  async function open(settings: Partial<SqliteIndex.SqliteIndexSettings> = {}) {
    const { openSqliteIndex } = (await import(compiledIndex)) as typeof SqliteIndex;
    return openSqliteIndex({ path, deleteDelayMs: 1, ...settings });
  }

  const startWriter = (prefix: string, countMax: number): IndexWriterProcess =>
    new IndexWriterProcess(path, bucketId, prefix, countMax);

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'object-index-threads-'));
    path = join(directory, 'index.db');
    index = await open();
    bucketId = await createBucket(index, 'photos');
  });
  afterEach(async () => {
    await index.close();
    rmSync(directory, { recursive: true });
  });

  it('shows every acknowledged write to the next read, on either connection', async () => {
    const put = async (key: string) => {
      await putObject(index, newObject(bucketId, key, { etag: key }));
      expect((await index.findObject(bucketId, key))?.etag).toBe(key);
      const listing = { bucketId, prefix: key, delimiter: '', after: '', limit: 1 };
      expect((await index.listObjects(listing)).objects[0]?.key).toBe(key);
    };
    const worker = async (name: string) => {
      for (let i = 0; i < 100; i += 1) await put(`${name}/${i}`);
    };
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(worker));
    const page = { bucketId, prefix: '', delimiter: '/', after: '', limit: 1000 };
    expect((await index.listObjects(page)).commonPrefixes).toHaveLength(8);
  });

  it('carries every kind of value through the threads', async () => {
    const user = { id: 'u', name: 'n', isRoot: false, createdAtMs: 1 };
    const secretEncrypted = Buffer.from([0, 255, 1]);
    const key = {
      accessKeyId: 'AK',
      userId: 'u',
      secretEncrypted,
      createdAtMs: 1,
      isActive: true,
      expiresAtMs: 9,
    };
    expect(await index.createUser(user)).toBe('created');
    expect(await index.putAccessKey(key)).toBe('stored');
    expect(await index.findAccessKey('AK')).toEqual({ key, user, policies: [] });
    expect(await index.listUsers()).toEqual([user]);
    const upload = newUpload(bucketId, 'k\0\u{10ffff}', 'u1');
    await index.createUpload(upload);
    await index.putPart(newPart(upload, 1, { size: 2 ** 40 }));
    expect((await index.listParts('u1', 0, 10)).parts).toMatchObject([{ size: 2 ** 40 }]);
    const page = { prefix: '', delimiter: '', keyMarker: '', uploadIdMarker: '', limit: 10 };
    expect((await index.listUploads({ bucketId, ...page })).uploads).toEqual([upload]);
  });

  it('fails a single write with its own error', async () => {
    const bad = newObject(bucketId, 'bad', { size: 3, segments: [] });
    const failing = index.putObject(bad);
    const fine = index.putObject(newObject(bucketId, 'good'));
    await expect(failing).rejects.toMatchObject({
      name: 'IndexError',
      reason: 'failed',
      mayBeCommitted: false,
    });
    expect(await fine).toMatchObject({ outcome: 'stored' });
  });

  it('refuses more writes than may wait and takes them again later', async () => {
    const small = await open({ waitingWritesMax: 5 });
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => small.putObject(newObject(bucketId, `k${i}`))),
    );
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(3);
    for (const one of refused) expect(one).toMatchObject({ reason: { reason: 'overloaded' } });
    await putObject(small, newObject(bucketId, 'later'));
    await small.close();
  });

  it('tells at once that a database cannot be opened', async () => {
    await expect(open({ path: directory })).rejects.toThrow();
  });

  it('takes writes of several processes at the same time, of each its share', async () => {
    const [prefixes, count] = [['a', 'b', 'c', 'd'], 400];
    const writers = prefixes.map((prefix) => startWriter(prefix, count));
    await Promise.all(writers.map((writer) => writer.ready()));
    const acknowledged = await Promise.all(writers.map((writer) => writer.writeAll()));
    for (const keys of acknowledged) expect(keys).toHaveLength(count);
    expect(await Promise.all(writers.map(({ exited }) => exited))).toEqual(
      prefixes.map(() => [0, null]),
    );
    const database = new Database(path, { readonly: true });
    // Ids are given in the order of the transactions.
    const keys = database.prepare('SELECT key FROM objects ORDER BY id').pluck().all() as string[];
    database.close();
    expect(new Set(keys)).toEqual(new Set(acknowledged.flat()));
    const firstHalf = keys.slice(0, keys.length / 2);
    for (const prefix of prefixes) {
      const share = firstHalf.filter((key) => key.startsWith(prefix)).length / firstHalf.length;
      expect(share).toBeGreaterThan(0.05);
    }
  });

  it('has kept every acknowledged write of a process that was killed', async () => {
    for (const round of ['one', 'two', 'three']) {
      const child = startWriter(round, 1_000_000);
      const acknowledged: string[] = [];
      for await (const key of child.write()) {
        acknowledged.push(key);
        if (acknowledged.length === 200) child.kill();
      }
      expect(await child.exited).toEqual([null, 'SIGKILL']);
      expect(acknowledged.length).toBeGreaterThanOrEqual(200);
      for (const key of acknowledged) {
        expect(await index.findObject(bucketId, key)).toMatchObject({ fileId: `group1/${key}` });
      }
    }
    const database = new Database(path, { readonly: true });
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.pragma('foreign_key_check')).toEqual([]);
    database.close();
  });

  it('leaves one file behind when it is closed', async () => {
    await putObject(index, newObject(bucketId, 'k'));
    await index.close();
    const log = new Database(path, { readonly: true, fileMustExist: true });
    expect(log.prepare('SELECT COUNT(*) FROM objects').pluck().get()).toBe(1);
    log.close();
    index = await open();
    expect(await index.findObject(bucketId, 'k')).not.toBeNull();
  });
});
