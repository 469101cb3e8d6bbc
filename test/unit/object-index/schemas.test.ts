import { readdirSync } from 'node:fs';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../../src/object-index/migrate.ts';
import { type PgliteDatabase, sharedPglite } from '../../support/pglite-index.ts';

interface Column {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
  /** Its place in the primary key, from 1; 0 for others. */
  readonly keyPlace: number;
  readonly fallback: string | null;
}

interface Index {
  readonly table: string;
  readonly name: string;
  readonly columns: string;
  readonly unique: boolean;
  readonly partial: boolean;
}

const sqlite = new Database(':memory:');
migrate(sqlite, ':memory:');

const sqliteColumns = () =>
  sqlite
    .prepare(
      `SELECT t.name AS "table", c.name AS "column", c.type AS type, c."notnull" AS not_null,
          c.pk AS "keyPlace", c.dflt_value AS fallback
        FROM pragma_table_list t JOIN pragma_table_info(t.name) c
        WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'schema_migrations'
        ORDER BY t.name, c.name`,
    )
    .all()
    .map((row) => {
      const { not_null, ...column } = row as Column & { readonly not_null: number };
      return { ...column, nullable: not_null === 0 && column.keyPlace === 0 };
    });

const postgresTypes: Readonly<Record<string, string>> = {
  bigint: 'INTEGER',
  'text C': 'TEXT',
  bytea: 'BLOB',
};

async function postgresColumns(postgres: PgliteDatabase): Promise<Column[]> {
  const rows = await postgres.query<Column>(
    `SELECT c.table_name AS "table", c.column_name AS "column",
        c.data_type || COALESCE(' ' || c.collation_name, '') AS type,
        c.is_nullable = 'YES' AS nullable, COALESCE(k.ordinal_position, 0) AS "keyPlace",
        c.column_default AS fallback
      FROM information_schema.columns c
      LEFT JOIN information_schema.table_constraints p
        ON p.table_schema = 'public' AND p.table_name = c.table_name
          AND p.constraint_type = 'PRIMARY KEY'
      LEFT JOIN information_schema.key_column_usage k
        ON k.constraint_name = p.constraint_name AND k.column_name = c.column_name
          AND k.table_name = c.table_name
      WHERE c.table_schema = 'public' ORDER BY c.table_name COLLATE "C", c.column_name COLLATE "C"`,
  );
  return rows.map((row) => ({ ...row, type: postgresTypes[row.type] ?? row.type }));
}

const sqliteIndexes = () =>
  sqlite
    .prepare(
      `SELECT t.name AS "table", i.name AS name, i."unique" = 1 AS "unique",
          i.partial = 1 AS partial, (SELECT group_concat(name, ',') FROM pragma_index_info(i.name))
          AS columns
        FROM pragma_table_list t JOIN pragma_index_list(t.name) i
        WHERE t.schema = 'main' AND i.origin = 'c' ORDER BY i.name`,
    )
    .all()
    .map((row) => {
      const { unique, partial, ...index } = row as Index;
      return { ...index, unique: Boolean(unique), partial: Boolean(partial) };
    });

const postgresIndexes = (postgres: PgliteDatabase) =>
  postgres.query<Index>(
    `SELECT t.relname AS "table", i.relname AS name, x.indisunique AS "unique",
        x.indpred IS NOT NULL AS partial,
        (SELECT string_agg(a.attname, ',' ORDER BY array_position(x.indkey::int2[], a.attnum))
          FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum = ANY (x.indkey)) AS columns
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
      WHERE t.relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT 1 FROM pg_constraint c
          WHERE c.conindid = i.oid AND c.contype IN ('p', 'u'))
      ORDER BY i.relname COLLATE "C"`,
  );

describe('the schemas of SQLite and PostgreSQL', () => {
  let postgres: PgliteDatabase;
  beforeAll(async () => {
    postgres = await sharedPglite();
  }, 60_000);

  it('come from migrations of the same numbers and names', () => {
    const names = (engine: string) =>
      readdirSync(new URL(`../../../migrations/${engine}/`, import.meta.url)).sort();
    expect(names('postgres')).toEqual(names('sqlite'));
  });

  it('have the same tables, columns, types and primary keys', async () => {
    const columns = sqliteColumns();
    expect(columns.length).toBeGreaterThan(100);
    expect(await postgresColumns(postgres)).toEqual(columns);
  });

  it('have the same indexes', async () => {
    const indexes = sqliteIndexes();
    expect(indexes.length).toBeGreaterThan(8);
    expect(await postgresIndexes(postgres)).toEqual(indexes);
  });
});
