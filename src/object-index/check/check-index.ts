import type { Damage, IndexCheck } from '../damage.ts';
import { IndexFileError } from '../index-file.ts';
import { appliedNumber, readMigrations } from '../schema.ts';
import type { SqliteDatabase } from '../sqlite-database.ts';
import { checkContents } from './check-contents.ts';
import { checkCounts } from './check-counts.ts';
import { checkFileRows } from './check-file-rows.ts';
import { checkNamedFiles } from './check-named-files.ts';
import { checkObjects } from './check-objects.ts';
import { checkOwners } from './check-owners.ts';
import type { CheckRun, ReadFileId } from './check-run.ts';
import { checkSchema, checkStructure } from './check-structure.ts';
import { checkUploads } from './check-uploads.ts';
import { checkUsage } from './check-usage.ts';
import { DamageLog } from './damage-log.ts';
import { locateDamage } from './locate-damage.ts';
import { withholdReleases } from './withhold-releases.ts';

/** Tables whose rows are counted for the report. */
const tables = [
  'buckets',
  'objects',
  'segments',
  'object_parts',
  'uploads',
  'parts',
  'part_segments',
  'shared_files',
  'deletion_queue',
  'replica_checks',
  'replaced_files',
  'named_files',
] as const;

export interface IndexCheckOptions {
  readonly readFileId: ReadFileId;
  /** Of about `total` rows that will be looked at; the same row counts for each look. */
  onProgress(looked: number, total: number): void;
}

/**
 * Tells all that is wrong in a database that nobody writes to meanwhile, in memory that does not
 * grow with it; `path` is for messages. Throws when it is no index, or of another version.
 */
export function checkIndex(
  database: SqliteDatabase,
  path: string,
  { readFileId, onProgress }: IndexCheckOptions,
): IndexCheck {
  const log = new DamageLog();
  const add = log.add.bind(log);
  if (!isSound(database, path, add)) {
    const { damages, leftOut } = log;
    return { isSound: false, rowCounts: {}, damages, leftOut, bucketNames: [] };
  }
  const rowCounts = countRows(database);
  const total = expectedLooks(rowCounts);
  let looked = 0;
  const advance = (rowCount: number): void => {
    looked += rowCount;
    onProgress(looked, Math.max(looked, total));
  };
  const run: CheckRun = { database, readFileId, found: add, advance, rowCounts };
  checkOwners(run);
  checkUsage(run, checkObjects(run));
  checkContents(run);
  checkUploads(run);
  checkCounts(run);
  checkFileRows(run);
  checkNamedFiles(run);
  withholdReleases(log);
  locateDamage(database, log);
  const bucketNames = database.prepare('SELECT id, name FROM buckets').raw().all();
  return {
    ...{ isSound: true, rowCounts, bucketNames: bucketNames as [number, string][] },
    ...{ damages: log.damages, leftOut: log.leftOut },
  };
}

function isSound(database: SqliteDatabase, path: string, found: (damage: Damage) => void): boolean {
  if (!checkStructure(database, found)) return false;
  requireCurrentSchema(database, path);
  return checkSchema(database, found);
}

/** Throws unless the schema is what this program works with. */
function requireCurrentSchema(database: SqliteDatabase, path: string): void {
  const known = readMigrations();
  const applied = appliedNumber(database, path, known);
  if (applied === known.length) return;
  throw new IndexFileError(
    `${path} has migration ${applied}, this program works with ${known.length}: ` +
      'start the gateway with it once, or check it with the program that wrote it.',
  );
}

function countRows(database: SqliteDatabase): Record<string, number> {
  return Object.fromEntries(
    tables.map((table) => [
      table,
      database.prepare(`SELECT COUNT(*) FROM ${table}`).pluck().get() as number,
    ]),
  );
}

/** Objects are passed four times, for other reasons each; other rows once. */
function expectedLooks(rowCounts: Readonly<Record<string, number>>): number {
  const sum = Object.values(rowCounts).reduce((before, count) => before + count, 0);
  return sum + 3 * (rowCounts.objects ?? 0);
}
