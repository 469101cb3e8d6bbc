import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openReadOnly, type SqliteDatabase } from './sqlite-database.ts';

interface Migration {
  readonly number: number;
  /** `0001-initial` */
  readonly name: string;
  readonly sql: string;
}

/** The same place from `src/object-index` and from `dist/object-index`. */
const migrationsDirectory = fileURLToPath(new URL('../../migrations/sqlite', import.meta.url));

/** A copy of a large database takes minutes; another process that starts meanwhile waits for it. */
const LOCK_TIMEOUT_MS = 10 * 60_000;

const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/;

/**
 * Brings the schema up to what this program knows, each migration in a transaction of its own.
 * An existing database is copied first, to `PATH.before-NAME`. Several processes may do this at
 * the same time. Throws when the database is newer than the program or is not an index.
 */
export function migrate(
  database: SqliteDatabase,
  path: string,
  directory: string = migrationsDirectory,
): void {
  const known = readMigrations(directory);
  // Nearly always there is nothing to do, and then no lock has to be waited for.
  if (appliedNumber(database, path, known) === known.length) return;
  const timeoutMs = database.pragma('busy_timeout', { simple: true });
  database.pragma(`busy_timeout = ${LOCK_TIMEOUT_MS}`);
  try {
    applyAll(database, path, known);
  } finally {
    database.pragma(`busy_timeout = ${timeoutMs}`);
  }
}

function applyAll(database: SqliteDatabase, path: string, known: readonly Migration[]): void {
  let isNew = false;
  let isCopied = false;
  for (;;) {
    // Taken before looking, so that no other process migrates in between.
    database.exec('BEGIN IMMEDIATE');
    try {
      const applied = appliedNumber(database, path, known);
      const next = known.find((migration) => migration.number > applied);
      isNew ||= applied === 0;
      if (next && !isNew && !isCopied) {
        copyDatabase(path, `${path}.before-${next.name}`);
        isCopied = true;
      }
      if (next) apply(database, next);
      database.exec('COMMIT');
      if (!next) return;
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}

function readMigrations(directory: string): Migration[] {
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

/** The number of the last migration that was applied; 0 for an empty database. */
function appliedNumber(
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

function apply(database: SqliteDatabase, migration: Migration): void {
  database.exec(
    `CREATE TABLE IF NOT EXISTS schema_migrations (
      number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at_ms INTEGER NOT NULL
    ) STRICT`,
  );
  try {
    database.exec(migration.sql);
  } catch (error) {
    throw new Error(`migration ${migration.name}: ${String(error)}`, { cause: error });
  }
  database
    .prepare('INSERT INTO schema_migrations (number, name, applied_at_ms) VALUES (?, ?, ?)')
    .run(migration.number, migration.name, Date.now());
}

/** The copy appears under its name only when it is complete. */
function copyDatabase(path: string, copyPath: string): void {
  const partialPath = `${copyPath}.partial`;
  rmSync(partialPath, { force: true });
  // SQLite fills an empty file, too; one that it made itself could be read by other users.
  closeSync(openSync(partialPath, 'wx', 0o600));
  // Another connection, because VACUUM does not run inside a transaction.
  const source = openReadOnly(path);
  try {
    source.prepare('VACUUM INTO ?').run(partialPath);
  } finally {
    source.close();
  }
  renameSync(partialPath, copyPath);
}
