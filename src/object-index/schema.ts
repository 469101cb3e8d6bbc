import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SqliteDatabase } from './sqlite-database.ts';

export interface Migration {
  readonly number: number;
  /** `0001-initial` */
  readonly name: string;
  readonly sql: string;
}

/** The same place from `src/object-index` and from `dist/object-index`. */
export const migrationsDirectory = fileURLToPath(
  new URL('../../migrations/sqlite', import.meta.url),
);

const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;

/** In order, without a gap. Throws when there are none. */
export function readMigrations(directory: string = migrationsDirectory): Migration[] {
  const migrations: Migration[] = [];
  for (const fileName of readdirSync(directory).sort()) {
    const number = Number(FILE_NAME.exec(fileName)?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) continue;
    if (number !== migrations.length + 1) {
      throw new Error(`${join(directory, fileName)}: expected number ${migrations.length + 1}`);
    }
    const sql = readFileSync(join(directory, fileName), 'utf8');
    migrations.push({ number, name: fileName.replace(/\.sql$/, ''), sql });
  }
  if (migrations.length === 0) throw new Error(`no migrations in ${directory}`);
  return migrations;
}

/**
 * The number of the last migration that was applied; 0 for an empty database. Throws when the
 * database is newer than the program or is not an index.
 */
export function appliedNumber(
  database: SqliteDatabase,
  path: string,
  known: readonly Migration[],
): number {
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .pluck()
    .all();
  if (tables.length === 0) return 0;
  if (!tables.includes('schema_migrations')) {
    throw new Error(`${path} is a database of something else: it has no schema_migrations table`);
  }
  const applied = database
    .prepare('SELECT COALESCE(MAX(number), 0) FROM schema_migrations')
    .pluck()
    .get() as number;
  if (applied > known.length) {
    throw new Error(
      `${path} has migration ${applied}, this program knows ${known.length}: ` +
        'run the newer program, or restore the copy it made before migrating',
    );
  }
  return applied;
}
