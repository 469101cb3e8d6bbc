import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { compactIndex } from '../../../src/object-index/compact-index.ts';
import { openSqliteIndex } from '../../../src/object-index/sqlite-index.ts';
import { filesNamed, keysIn, makeIndexFile } from '../../support/index-files.ts';
import { newObject, putObject } from '../../support/new-records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function makeSparseIndex(): Promise<{ directory: string; path: string }> {
  const directory = temporaryDirectory();
  const path = join(directory, 'index.sqlite');
  await makeIndexFile(path, ['kept']);
  const index = await openSqliteIndex({ path, deleteDelayMs: 0, threads: false });
  const bucket = await index.findBucket('photos');
  const bucketId = bucket?.id ?? 0;
  const userMetadata = { note: 'x'.repeat(1_000_000) };
  await putObject(index, newObject(bucketId, 'dropped', { userMetadata }));
  await index.deleteObjects(bucketId, ['dropped']);
  await index.close();
  return { directory, path };
}

it('gives unused pages back and keeps everything else', async () => {
  const { directory, path } = await makeSparseIndex();
  const result = compactIndex(path);
  expect(result.sizeBytesBefore).toBeGreaterThan(1_000_000);
  expect(result.unusedBytesBefore).toBeGreaterThan(900_000);
  expect(result.sizeBytes).toBe(statSync(path).size);
  expect(result.sizeBytes).toBeLessThan(300_000);
  expect(result.counts).toMatchObject({ objects: 1, queuedFiles: 1 });
  expect(keysIn(path)).toEqual(['kept']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(filesNamed(directory, 'index.sqlite')).toEqual(['index.sqlite']);
});

it('refuses while somebody else has the index open', async () => {
  const { directory, path } = await makeSparseIndex();
  const other = new Database(path);
  onTestFinished(() => {
    other.close();
  });
  other.pragma('journal_mode = WAL');
  other.exec('BEGIN; SELECT * FROM objects');
  const sizeBefore = statSync(path).size;
  expect(() => compactIndex(path)).toThrow('open; wait until it has ended');
  expect(statSync(path).size).toBe(sizeBefore);
  expect(filesNamed(directory, 'index.sqlite.')).toEqual([]);
});

it('says when there is nothing to compact', async () => {
  const { path } = await makeSparseIndex();
  expect(() => compactIndex(`${path}-other`)).toThrow('There is no index at');
  writeFileSync(path, 'x'.repeat(10_000));
  expect(() => compactIndex(path)).toThrow('or it is damaged');
});
