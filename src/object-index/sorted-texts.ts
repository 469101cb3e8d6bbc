import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { SqliteDatabase } from './sqlite-database.ts';

const PAGE_CACHE_KIB = 64 * 1024;
/** Rows that are read before others may run. */
const BATCH_SIZE = 5_000;

/**
 * Any number of texts, each kept once, read back in the order of their UTF-8 bytes. They lie in a
 * working file that `close` removes; memory stays below a bound. Throws what SQLite says when the
 * disk is full.
 */
export class SortedTexts {
  readonly #directory: string;
  readonly #database: SqliteDatabase;
  readonly #insert: Database.Statement<[string]>;
  #count = 0;

  /** `directory` must exist; the working file gets a directory of its own in it. */
  constructor(directory: string) {
    this.#directory = mkdtempSync(join(directory, 'fastdfs-s3-sort-'));
    this.#database = openWorkingFile(join(this.#directory, 'texts.sqlite'));
    this.#database.exec('CREATE TABLE texts (text TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID');
    this.#insert = this.#database.prepare('INSERT OR IGNORE INTO texts (text) VALUES (?)');
    // It is a working file: there is nothing to roll back to, so all is one transaction.
    this.#database.exec('BEGIN');
  }

  /** Different texts that were added. */
  get count(): number {
    return this.#count;
  }

  add(texts: readonly string[]): void {
    for (const text of texts) this.#count += this.#insert.run(text).changes;
  }

  async *batches(): AsyncGenerator<readonly string[], void, void> {
    yield* batchesOf(this.#database, 'SELECT text FROM texts ORDER BY text');
  }

  close(): void {
    this.#database.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** A database that nobody misses after a crash: written without journal and without waiting. */
export function openWorkingFile(path: string): SqliteDatabase {
  const database = new Database(path);
  database.pragma('journal_mode = OFF');
  database.pragma('synchronous = OFF');
  database.pragma('locking_mode = EXCLUSIVE');
  database.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
  return database;
}

/** The first column of a query, some rows at a time; lets others run in between. */
export async function* batchesOf(
  database: SqliteDatabase,
  sql: string,
): AsyncGenerator<readonly string[], void, void> {
  let batch: string[] = [];
  for (const text of database.prepare(sql).pluck().iterate() as Iterable<string>) {
    batch.push(text);
    if (batch.length < BATCH_SIZE) continue;
    yield batch;
    batch = [];
    await new Promise(setImmediate);
  }
  if (batch.length > 0) yield batch;
}
