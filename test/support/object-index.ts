import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach } from 'vitest';
import type { PendingDeletion } from '../../src/object-index/file-records.ts';
import type { ObjectIndex } from '../../src/object-index/object-index.ts';
import { openSqliteIndex } from '../../src/object-index/sqlite-index.ts';
import type { SqlValue } from '../../src/object-index/statements.ts';
import { bindOperations, sharedPglite } from './pglite-index.ts';

/** What every engine can do; the rest is about the database that an engine works with. */
export type IndexOperations = Omit<ObjectIndex, 'verifyWritable' | 'measure' | 'close'>;

/** An index with one bucket, and a way to look at its tables from outside. */
export interface IndexUnderTest {
  readonly index: IndexOperations;
  readonly bucketId: number;
  query<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]>;
  /** Changes rows behind the index's back, for states that no operation makes. */
  execute(sql: string, ...values: SqlValue[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * The index's clock stands at this time; files may be deleted, and their replicas looked for, this
 * much later.
 */
export const NOW_MS = 1_700_000_000_000;
export const DELETE_DELAY_MS = 60_000;
export const REPLICA_CHECK_DELAY_MS = 30_000;

async function openSqlite(): Promise<IndexUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'object-index-'));
  const path = join(directory, 'index.db');
  const index = await openSqliteIndex({
    path,
    deleteDelayMs: DELETE_DELAY_MS,
    replicaCheckDelayMs: REPLICA_CHECK_DELAY_MS,
    threads: false,
    now: () => NOW_MS,
  });
  const database = new Database(path);
  return {
    index,
    bucketId: await createBucket(index, 'photos'),
    query: async (sql, ...values) => database.prepare(sql).all(...values) as never[],
    execute: async (sql, ...values) => {
      database.prepare(sql).run(...values);
    },
    async close() {
      database.close();
      await index.close();
      rmSync(directory, { recursive: true });
    },
  };
}

async function openPglite(): Promise<IndexUnderTest> {
  const database = await sharedPglite();
  await database.clear();
  const index = bindOperations(database, () => ({
    nowMs: NOW_MS,
    deletionNotBeforeMs: NOW_MS + DELETE_DELAY_MS,
    replicaCheckDueMs: NOW_MS + REPLICA_CHECK_DELAY_MS,
  })) as IndexOperations;
  return {
    index,
    bucketId: await createBucket(index, 'photos'),
    query: (sql, ...values) => database.query(sql, values),
    execute: async (sql, ...values) => {
      await database.query(sql, values);
    },
    close: async () => {},
  };
}

/**
 * Tests of operations run on each of these. What must hold for many rows is tried with as many as
 * the engine makes in a second; all are more than go into one statement.
 */
export const indexEngines = [
  { name: 'SQLite', open: openSqlite, manyRows: 10_000 },
  { name: 'PostgreSQL', open: openPglite, manyRows: 300 },
] as const;

/** Gives every test of the `describe` around it an index of its own. */
export function useIndex(open: () => Promise<IndexUnderTest>): IndexUnderTest {
  let opened: IndexUnderTest | null = null;
  // Starting PostgreSQL takes its time.
  beforeEach(async () => {
    opened = await open();
  }, 60_000);
  afterEach(() => opened?.close());
  const current = (): IndexUnderTest => {
    if (opened === null) throw new Error('there is an index only while a test runs');
    return opened;
  };
  return {
    get index() {
      return current().index;
    },
    get bucketId() {
      return current().bucketId;
    },
    query: (sql, ...values) => current().query(sql, ...values),
    execute: (sql, ...values) => current().execute(sql, ...values),
    close: () => current().close(),
  };
}

export async function createBucket(
  index: Pick<ObjectIndex, 'createBucket'>,
  name: string,
): Promise<number> {
  const { bucket } = await index.createBucket({
    name,
    ownerId: 'owner',
    locationConstraint: null,
    createdAtMs: NOW_MS,
  });
  return bucket.id;
}

/** Files of all groups that are due, by group, those that are due longest first. */
export async function listAllDue(
  index: IndexOperations,
  dueAtMs: number,
): Promise<PendingDeletion[]> {
  const due: PendingDeletion[] = [];
  for (const groupName of await index.listDueGroups(dueAtMs)) {
    due.push(...(await index.listDueDeletions({ groupName, dueAtMs, after: null, limit: 10_000 })));
  }
  return due;
}

/** File IDs in the deletion queue, sorted. */
export async function queuedFiles({ query }: IndexUnderTest): Promise<string[]> {
  const rows = await query<{ file_id: string }>('SELECT file_id FROM deletion_queue');
  return rows.map((row) => row.file_id).sort();
}

/** Counts of references that are kept, by file ID. */
export async function sharedFiles({ query }: IndexUnderTest): Promise<Record<string, number>> {
  const rows = await query<{ file_id: string; reference_count: number }>(
    'SELECT file_id, reference_count FROM shared_files',
  );
  return Object.fromEntries(rows.map((row) => [row.file_id, row.reference_count]));
}
