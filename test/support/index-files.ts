import { cpSync, readdirSync, renameSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openSqliteIndex } from '../../src/object-index/sqlite-index.ts';
import { newObject, putObject } from './new-records.ts';
import { createBucket, NOW_MS } from './object-index.ts';

const settings = { deleteDelayMs: 0, threads: false, now: () => NOW_MS };

/** Makes an index at `path` whose bucket has these keys. */
export async function makeIndexFile(path: string, keys: readonly string[]): Promise<void> {
  const index = await openSqliteIndex({ path, ...settings });
  const bucketId = await createBucket(index, 'photos');
  for (const key of keys) await putObject(index, newObject(bucketId, key));
  await index.close();
}

/** Leaves the index with a log beside it that has these keys, as a gateway that was killed does. */
export async function addKeysInLog(path: string, keys: readonly string[]): Promise<void> {
  const index = await openSqliteIndex({ path, ...settings });
  const bucket = await index.findBucket('photos');
  for (const key of keys) await putObject(index, newObject(bucket?.id ?? 0, key));
  for (const end of ['', '-wal']) cpSync(`${path}${end}`, `${path}.killed${end}`);
  await index.close();
  for (const end of ['', '-wal']) renameSync(`${path}.killed${end}`, `${path}${end}`);
}

/** Keys of all objects, from a connection of its own. */
export function keysIn(path: string): string[] {
  const database = new Database(path, { fileMustExist: true });
  try {
    const problems = database.pragma('integrity_check', { simple: true });
    if (problems !== 'ok') throw new Error(`${path}: ${String(problems)}`);
    return database.prepare('SELECT key FROM objects ORDER BY key').pluck().all() as string[];
  } finally {
    database.close();
  }
}

/** Files of a directory whose names begin with that, sorted. */
export function filesNamed(directory: string, start: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith(start))
    .sort();
}
