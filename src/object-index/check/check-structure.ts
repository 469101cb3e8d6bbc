import Database from 'better-sqlite3';
import type { Damage } from '../damage.ts';
import { migrate } from '../migrate.ts';
import type { SqliteDatabase } from '../sqlite-database.ts';

const PROBLEMS_MAX = 100;

/**
 * Whether the database itself is sound: pages, trees, indexes, constraints. Returns false when it
 * is not; what its tables say is worth nothing then.
 */
export function checkStructure(database: SqliteDatabase, found: (damage: Damage) => void): boolean {
  const problems = problemsOf(database);
  for (const problem of problems) {
    found({
      kind: 'database-corrupt',
      severity: 'severe',
      place: {},
      problem: `${problem}. Stop the gateway, keep the damaged files aside, and restore a backup.`,
      repair: null,
    });
  }
  return problems.length === 0;
}

function problemsOf(database: SqliteDatabase): string[] {
  try {
    const sql = `PRAGMA integrity_check(${PROBLEMS_MAX})`;
    const lines = database.prepare(sql).pluck().all() as string[];
    return lines.length === 1 && lines[0] === 'ok' ? [] : lines.map((line) => line.trim());
  } catch (error) {
    if (error instanceof Database.SqliteError) return [`${error.code}: ${error.message}`];
    throw error;
  }
}

/**
 * Tables and indexes that differ from what the migrations make. Returns false when a table does:
 * it cannot be read then as the others are.
 */
export function checkSchema(database: SqliteDatabase, found: (damage: Damage) => void): boolean {
  const expected = new Database(':memory:');
  try {
    migrate(expected, ':memory:');
    const wanted = schemaOf(expected);
    const there = schemaOf(database);
    let isReadable = true;
    for (const [name, sql] of wanted) {
      const actual = there.get(name);
      if (actual === sql) continue;
      isReadable &&= !name.startsWith('table ');
      const how = actual === undefined ? 'is missing' : 'differs from what the program made';
      const problem = `The ${name} ${how}. Restore a backup, or make it anew: ${sql}`;
      found({ kind: 'schema-differs', severity: 'error', place: {}, problem, repair: null });
    }
    for (const name of there.keys()) {
      if (wanted.has(name)) continue;
      const problem = `The ${name} is none of the program's; it may slow down or refuse writes.`;
      found({ kind: 'schema-differs', severity: 'warning', place: {}, problem, repair: null });
    }
    return isReadable;
  } finally {
    expected.close();
  }
}

/** SQL by `table objects`; statistics and what SQLite makes by itself are left out. */
function schemaOf(database: SqliteDatabase): ReadonlyMap<string, string> {
  const rows = database
    .prepare(
      `SELECT type || ' ' || name, sql FROM sqlite_schema
        WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
    )
    .raw()
    .all() as [string, string][];
  return new Map(rows);
}
