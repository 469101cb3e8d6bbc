import type { SqliteDatabase } from '../sqlite-database.ts';
import type { CheckListener } from './damage.ts';

const PROBLEMS_MAX = 100;

/**
 * Whether the database itself is sound: pages, trees, indexes, constraints. Returns false when it
 * is not; what its tables say is worth nothing then.
 */
export function checkStructure(database: SqliteDatabase, { found }: CheckListener): boolean {
  const problems = database
    .prepare(`PRAGMA integrity_check(${PROBLEMS_MAX})`)
    .pluck()
    .all() as string[];
  if (problems.length === 1 && problems[0] === 'ok') return true;
  for (const problem of problems) {
    found({
      kind: 'database-corrupt',
      severity: 'severe',
      place: {},
      problem: `${problem}. Stop the gateway, keep the damaged files, and restore a backup.`,
    });
  }
  return false;
}
