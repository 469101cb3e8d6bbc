import type { SqliteDatabase } from '../sqlite-database.ts';
import { checkStructure } from './check-structure.ts';
import type { CheckListener } from './damage.ts';

/** Tells all that is wrong in a database that nobody writes to meanwhile. */
export function checkIndex(database: SqliteDatabase, listener: CheckListener): void {
  checkStructure(database, listener);
}
