import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { listUsers } from './access-keys.ts';
import { listBuckets } from './buckets.ts';
import { IndexFileError } from './index-file.ts';
import { listObjects } from './list-keys.ts';
import { appliedNumber, type Migration, readMigrations } from './schema.ts';
import { type SqliteDatabase, SqliteRunner } from './sqlite-database.ts';

/** What is in a copy of an index. */
export interface IndexSummary {
  readonly sizeBytes: number;
  /** Of the last migration that it has seen. */
  readonly schemaNumber: number;
  readonly counts: Readonly<Record<IndexCount, number>>;
  /** What is wrong in it although it can be read and served; empty when nothing is. */
  readonly problems: readonly string[];
}

type IndexCount = 'users' | 'buckets' | 'objects' | 'uploads' | 'queuedFiles';

const COUNTED: Readonly<Record<IndexCount, string>> = {
  users: 'users',
  buckets: 'buckets',
  objects: 'objects',
  uploads: 'uploads',
  queuedFiles: 'deletion_queue',
};
const PROBLEMS_MAX = 10;

export interface VerifyOptions {
  /** What it is called in errors: whoever reads them does not know the copy's own name. */
  readonly name?: string;
  /** What the schema may be; the migrations of this program unless given. */
  readonly known?: readonly Migration[];
  /** Changes the copy before it is verified. */
  readonly prepare?: (database: SqliteDatabase) => void;
}

/**
 * Makes a copy a single file (not in WAL mode, so that it opens anywhere, on a read-only disk too)
 * and reads all of it: the structure of every page and index, the schema's number, its references.
 * Throws `IndexFileError` when it is not an index, newer than this program, or damaged.
 *
 * SQLite's integrity_check costs no more here than its quick_check: nearly everything is in tables
 * without separate indexes. Both read the file once, at half a gigabyte per second and processor.
 */
export function verifyCopy(path: string, options: VerifyOptions = {}): IndexSummary {
  const { name = path } = options;
  const database = new Database(path, { timeout: 0 });
  try {
    // Held until the end, for those who look whether somebody works on this file.
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = DELETE');
    options.prepare?.(database);
    return { sizeBytes: statSync(path).size, ...inspect(database, name, options.known) };
  } catch (error) {
    throw describeSqliteError(error, name);
  } finally {
    database.close();
  }
}

function inspect(
  database: SqliteDatabase,
  name: string,
  known?: readonly Migration[],
): Omit<IndexSummary, 'sizeBytes'> {
  const schemaNumber = readSchemaNumber(database, name, known);
  const [first] = database.pragma(`integrity_check(${PROBLEMS_MAX})`) as {
    integrity_check: string;
  }[];
  if (first?.integrity_check !== 'ok') {
    throw new IndexFileError(`${name} is damaged: ${first?.integrity_check ?? 'no answer'}`);
  }
  const isCurrent = known === undefined && schemaNumber === readMigrations().length;
  if (isCurrent) readAsGatewaysDo(database);
  return {
    schemaNumber,
    counts: countRows(database),
    problems: findBrokenReferences(database),
  };
}

/** Throws when it is not an index, an empty one, or newer than this program. */
export function readSchemaNumber(
  database: SqliteDatabase,
  name: string,
  known: readonly Migration[] = readMigrations(),
): number {
  const schemaNumber = appliedNumber(database, name, known);
  if (schemaNumber === 0) throw new IndexFileError(`${name} is empty: it holds no index.`);
  return schemaNumber;
}

/** Throws when the gateway could not read what it reads first. */
function readAsGatewaysDo(database: SqliteDatabase): void {
  const runner = new SqliteRunner(database);
  runner.run(listUsers());
  const first = { ownerId: null, prefix: '', after: '', limit: 1 };
  for (const { id: bucketId } of runner.run(listBuckets(first))) {
    runner.run(listObjects({ bucketId, prefix: '', delimiter: '', after: '', limit: 1 }));
  }
}

function countRows(database: SqliteDatabase): Record<IndexCount, number> {
  const tables = new Set(
    database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all(),
  );
  const count = (table: string): number =>
    tables.has(table)
      ? (database.prepare(`SELECT COUNT(*) FROM ${table}`).pluck().get() as number)
      : 0;
  const entries = Object.entries(COUNTED).map(([name, table]) => [name, count(table)]);
  return Object.fromEntries(entries) as Record<IndexCount, number>;
}

/** Rows that name a bucket, a user or an upload that is not there. */
function findBrokenReferences(database: SqliteDatabase): string[] {
  const broken = database.prepare(
    'SELECT "table" AS "from", parent, COUNT(*) AS count FROM pragma_foreign_key_check GROUP BY 1, 2',
  );
  const rows = broken.all() as { from: string; parent: string; count: number }[];
  return rows.map(({ from, parent, count }) => `${count} rows of ${from} name no row of ${parent}`);
}

/** A secret as the index keeps it. */
export interface SealedSecret {
  readonly accessKeyId: string;
  readonly secretEncrypted: Buffer;
}

/** All secrets of a verified copy. */
export function listSealedSecrets(path: string): SealedSecret[] {
  const database = new Database(path, { readonly: true, timeout: 0 });
  try {
    const rows = database.prepare(
      `SELECT access_key_id AS accessKeyId, secret_encrypted AS secretEncrypted
        FROM access_keys ORDER BY access_key_id`,
    );
    return rows.all() as SealedSecret[];
  } finally {
    database.close();
  }
}

/** Errors of SQLite that say what is wrong with a file; others as they are. */
export function describeSqliteError(error: unknown, name: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  if (error.code === 'SQLITE_NOTADB') {
    return new IndexFileError(`${name} is no index: ${error.message}`, { cause: error });
  }
  if (error.code.startsWith('SQLITE_CORRUPT')) {
    return new IndexFileError(`${name} is damaged: ${error.message}`, { cause: error });
  }
  return new IndexFileError(`${name} cannot be read: ${error.code}: ${error.message}`, {
    cause: error,
  });
}
