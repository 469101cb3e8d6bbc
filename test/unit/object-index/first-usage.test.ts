import { readdirSync, readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';

const ADDED_BY = '0005-access-locks-quotas.sql';

interface SchemaUnderTest {
  execute(sql: string): Promise<void>;
  query<Row>(sql: string): Promise<Row[]>;
  close(): Promise<void>;
}

async function openSqlite(): Promise<SchemaUnderTest> {
  const database = new Database(':memory:');
  database.pragma('foreign_keys = ON');
  return {
    execute: async (sql) => {
      database.exec(sql);
    },
    query: async (sql) => database.prepare(sql).all() as never[],
    close: async () => {
      database.close();
    },
  };
}

async function openPglite(): Promise<SchemaUnderTest> {
  const database = await PGlite.create();
  return {
    execute: async (sql) => {
      await database.exec(sql);
    },
    query: async (sql) => (await database.query(sql)).rows as never[],
    close: () => database.close(),
  };
}

const engines = [
  { engine: 'sqlite', open: openSqlite },
  { engine: 'postgres', open: openPglite },
] as const;

/** Ann has two buckets with objects and an empty one, Bob none; a fourth one's owner is gone. */
const rowsOfBefore = `
  INSERT INTO users (id, name, is_root, created_at_ms) VALUES ('a', 'ann', 0, 1), ('b', 'bob', 0, 1);
  INSERT INTO buckets (id, name, owner_id, created_at_ms)
    VALUES (1, 'one', 'a', 5), (2, 'two', 'a', 6), (3, 'empty', 'a', 7), (4, 'other', 'gone', 8);
  INSERT INTO objects (bucket_id, key, version_rank, id, is_delete_marker, size, etag,
      last_modified_ms, owner_id, file_id, headers, user_metadata)
    VALUES (1, 'k', -1, 1, 0, 10, 'e', 1, 'a', 'group1/k', '{}', '{}'),
      (1, 'l', -2, 2, 0, 0, 'e', 1, 'b', NULL, '{}', '{}'),
      (1, 'm', -4, 3, 1, 0, '', 1, 'a', NULL, '{}', '{}'),
      (1, 'm', -3, 4, 0, 5000000000, 'e', 1, 'a', 'group1/m', '{}', '{}'),
      (2, 'k', -5, 5, 0, 7, 'e', 1, 'a', 'group1/n', '{}', '{}'),
      (4, 'k', -6, 6, 0, 3, 'e', 1, 'gone', 'group1/o', '{}', '{}');`;

describe.each(engines)('the first usage in $engine', ({ engine, open }) => {
  const directory = new URL(`../../../migrations/${engine}/`, import.meta.url);
  let schema: SchemaUnderTest | null = null;
  afterEach(() => schema?.close());

  async function migrated(): Promise<SchemaUnderTest> {
    schema = await open();
    for (const fileName of readdirSync(directory).sort()) {
      if (fileName === ADDED_BY) await schema.execute(rowsOfBefore);
      await schema.execute(readFileSync(new URL(fileName, directory), 'utf8'));
    }
    return schema;
  }

  const usageOf = async ({ query }: SchemaUnderTest) => {
    const sums = 'SUM(object_count) AS objects, SUM(size_bytes) AS bytes';
    const rows = [
      ...(await query<{ of: unknown; objects: unknown; bytes: unknown }>(
        `SELECT bucket_id AS "of", ${sums} FROM bucket_usage GROUP BY bucket_id`,
      )),
      ...(await query<{ of: unknown; objects: unknown; bytes: unknown }>(
        `SELECT user_id AS "of", ${sums} FROM user_usage GROUP BY user_id`,
      )),
    ];
    return Object.fromEntries(
      rows.map((row) => [row.of, [Number(row.objects), Number(row.bytes)]]),
    );
  };

  it('is what is there, without delete markers, by bucket and by its owner', async () => {
    expect(await usageOf(await migrated())).toEqual({
      ...{ 1: [3, 5_000_000_010], 2: [1, 7], 3: [0, 0], 4: [1, 3] },
      ...{ a: [4, 5_000_000_017], b: [0, 0] },
    });
  }, 60_000);

  it('goes on from there', async () => {
    const { execute, query, close } = await migrated();
    await execute(`DELETE FROM objects WHERE bucket_id = 1 AND key = 'm';
      UPDATE objects SET size = 11 WHERE bucket_id = 1 AND key = 'k';
      INSERT INTO objects (bucket_id, key, version_rank, id, size, etag, last_modified_ms,
          owner_id, headers, user_metadata)
        VALUES (3, 'k', -7, 7, 2, 'e', 1, 'b', '{}', '{}');`);
    expect(await usageOf({ execute, query, close })).toMatchObject({
      ...{ 1: [2, 11], 2: [1, 7], 3: [1, 2] },
      ...{ a: [4, 20], b: [0, 0] },
    });
  }, 60_000);

  it('comes with settings that keep buckets of before as closed as they were', async () => {
    const { query } = await migrated();
    const settings = await query(
      'SELECT bucket_id, name, updated_at_ms FROM bucket_settings ORDER BY bucket_id, name',
    );
    const names = ['ownershipControls', 'publicAccessBlock'];
    expect(settings).toEqual(
      [1, 2, 3, 4].flatMap((id) =>
        names.map((name) => ({ bucket_id: id, name, updated_at_ms: id + 4 })),
      ),
    );
  }, 60_000);
});
