import { IndexFileError, makePartial, placeFile, removePartial } from './index-file.ts';
import { appliedNumber, type Migration, migrationsDirectory, readMigrations } from './schema.ts';
import { openReadOnly, type SqliteDatabase } from './sqlite-database.ts';
import { verifyCopy } from './verify-copy.ts';

/** A copy of a large database takes minutes; another process that starts meanwhile waits for it. */
const LOCK_TIMEOUT_MS = 10 * 60_000;

/**
 * Brings the schema up to what this program knows, each migration in a transaction of its own.
 * An existing database is copied first, to `PATH.before-NAME`, and the copy verified. Several processes may do this at
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
        copyDatabase(path, `${path}.before-${next.name}`, known);
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

/**
 * The copy appears under its name only when it is complete, on the disk and verified. An older one
 * of that name, from a migration that was not finished, is replaced.
 */
function copyDatabase(path: string, copyPath: string, known: readonly Migration[]): void {
  const partial = makePartial(copyPath);
  try {
    // Another connection, because VACUUM does not run inside a transaction.
    const source = openReadOnly(path);
    try {
      source.prepare('VACUUM INTO ?').run(partial);
    } finally {
      source.close();
    }
    verifyCopy(partial, { name: `the copy of ${path}`, known });
    placeFile(partial, copyPath, { replaces: true });
  } catch (error) {
    removePartial(partial);
    if (error instanceof IndexFileError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new IndexFileError(`the copy before a migration, ${copyPath}, cannot be made: ${why}`, {
      cause: error,
    });
  }
}
