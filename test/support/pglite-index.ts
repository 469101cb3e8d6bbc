import { readdirSync, readFileSync } from 'node:fs';
import { PGlite, types } from '@electric-sql/pglite';
import {
  listings,
  type OperationTable,
  pointReads,
  writeOperations,
} from '../../src/object-index/operations.ts';
import {
  numberPlaceholders,
  type PostgresConnection,
  PostgresRunner,
} from '../../src/object-index/postgres-runner.ts';
import type { SqlValue, Statements, WriteContext } from '../../src/object-index/statements.ts';

const migrationsDirectory = new URL('../../migrations/postgres/', import.meta.url);

/** A database with the whole schema, kept for all tests of a process: it takes seconds to start. */
let started: Promise<PgliteDatabase> | null = null;

export function sharedPglite(): Promise<PgliteDatabase> {
  started ??= PgliteDatabase.start();
  return started;
}

/** PostgreSQL inside this process, with one connection. */
export class PgliteDatabase {
  readonly #pglite: PGlite;
  readonly #runner: PostgresRunner;
  #tables: readonly string[] = [];
  /** One transaction at a time. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(pglite: PGlite) {
    this.#pglite = pglite;
    this.#runner = new PostgresRunner(toConnection(pglite));
  }

  static async start(): Promise<PgliteDatabase> {
    const database = new PgliteDatabase(await PGlite.create());
    for (const fileName of readdirSync(migrationsDirectory).sort()) {
      await database.#pglite.exec(readFileSync(new URL(fileName, migrationsDirectory), 'utf8'));
    }
    const tables = await database.query<{ tablename: string }>(
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    );
    database.#tables = tables.map(({ tablename }) => tablename);
    return database;
  }

  run<T>(kind: 'read' | 'write', statements: Statements<T>): Promise<T> {
    const result = this.#last.then(() => this.#runner.run(kind, statements));
    this.#last = result.catch(() => {});
    return result;
  }

  async query<Row>(sql: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    await this.#last;
    const { rows } = await toConnection(this.#pglite).query({
      name: '',
      text: numberPlaceholders(sql),
      values,
    });
    return rows as Row[];
  }

  /** Removes all rows. Quicker than TRUNCATE, which gives every table new files. */
  async clear(): Promise<void> {
    await this.#last;
    const deletions = this.#tables.map((table) => `DELETE FROM ${table};`).join('');
    await this.#pglite.exec(`SET session_replication_role = replica; ${deletions}
      SET session_replication_role = DEFAULT;`);
  }
}

/** Methods as those of an index, each one transaction. */
export function bindOperations(database: PgliteDatabase, context: () => WriteContext): object {
  const bound: Record<string, (...args: unknown[]) => Promise<unknown>> = {};
  for (const [name, operation] of Object.entries(writeOperations as OperationTable)) {
    bound[name] = (...args) => database.run('write', operation(context(), ...args));
  }
  for (const reads of [pointReads, listings]) {
    for (const [name, operation] of Object.entries(reads as OperationTable)) {
      bound[name] = (...args) => database.run('read', operation(...args));
    }
  }
  return bound;
}

function toConnection(pglite: PGlite): PostgresConnection {
  // SUM of BIGINT would be NUMERIC, which no operation may return.
  const parsers = { [types.INT8]: toSafeInteger };
  return {
    async query({ text, values }) {
      const { rows, affectedRows = 0 } = await pglite.query(text, [...values], { parsers });
      return { rows, rowCount: rows.length || affectedRows };
    },
  };
}

function toSafeInteger(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${text} is not exact as a number`);
  return number;
}
