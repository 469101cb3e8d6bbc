import { IndexError, type IndexErrorReason } from './object-index.ts';
import type { SqlValue, Statement, Statements } from './statements.ts';

/** What a connection to PostgreSQL must be able to do. */
export interface PostgresConnection {
  /**
   * Statements of the same name have the same text, so that it need be prepared only once.
   * `rows` are objects with BIGINT as number and BYTEA as bytes, `rowCount` is how many were
   * returned or changed.
   */
  query(statement: {
    readonly name: string;
    readonly text: string;
    readonly values: readonly SqlValue[];
  }): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>;
}

/**
 * Writes check conditions on what they read, so that no other write may come in between: one of
 * two that collide fails. Reads see one snapshot.
 */
const beginnings = {
  write: 'BEGIN ISOLATION LEVEL SERIALIZABLE',
  read: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
} as const;

/** Runs operations on one connection, one at a time. */
export class PostgresRunner {
  readonly #connection: PostgresConnection;
  /** By SQL text as the operations have it. */
  readonly #known = new Map<string, { readonly name: string; readonly text: string }>();

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** Runs an operation in a transaction. Rejects with `IndexError`; then nothing was changed. */
  async run<T>(kind: keyof typeof beginnings, statements: Statements<T>): Promise<T> {
    let isCommitting = false;
    try {
      await this.#query(beginnings[kind]);
      const value = await this.#runAll(statements);
      isCommitting = true;
      await this.#query('COMMIT');
      return value;
    } catch (error) {
      const mayBeCommitted = isCommitting && sqlStateOf(error) === '';
      // A connection that is lost cannot roll back: PostgreSQL does so by itself.
      await this.#query('ROLLBACK').catch(() => {});
      throw toIndexError(error, mayBeCommitted);
    }
  }

  async #runAll<T>(statements: Statements<T>): Promise<T> {
    let step = statements.next();
    while (!step.done) step = statements.next(await this.#execute(step.value));
    return step.value;
  }

  async #execute(statement: Statement): Promise<unknown> {
    if (statement.kind === 'next-object-id') {
      const { rows } = await this.#query("SELECT nextval('object_id') AS id");
      return (rows[0] as { readonly id: number }).id;
    }
    const { rows, rowCount } = await this.#query(statement.sql, statement.values);
    if (statement.kind === 'all') return rows;
    return statement.kind === 'get' ? rows[0] : (rowCount ?? 0);
  }

  async #query(sql: string, values: readonly SqlValue[] = []) {
    let known = this.#known.get(sql);
    if (!known) {
      known = { name: `s${this.#known.size}`, text: numberPlaceholders(sql) };
      this.#known.set(sql, known);
    }
    return await this.#connection.query({ ...known, values });
  }
}

/** `?` to `$1`, `$2` and so on. No operation has a question mark in a literal. */
export function numberPlaceholders(sql: string): string {
  let count = 0;
  return sql.replaceAll('?', () => {
    count += 1;
    return `$${count}`;
  });
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html; others are `failed`. */
const reasonsBySqlState: Readonly<Record<string, IndexErrorReason>> = {
  '53100': 'full', // disk_full
  '40001': 'overloaded', // serialization_failure
  '40P01': 'overloaded', // deadlock_detected
  '53300': 'overloaded', // too_many_connections
  '55P03': 'overloaded', // lock_not_available
};

function toIndexError(error: unknown, mayBeCommitted: boolean): IndexError {
  if (error instanceof IndexError) return error;
  const sqlState = sqlStateOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return new IndexError(
    reasonsBySqlState[sqlState] ?? 'failed',
    `index in PostgreSQL: ${sqlState ? `${sqlState}: ` : ''}${message}`,
    { cause: error, mayBeCommitted },
  );
}

/** Empty when the server did not say anything, or when the error is not its. */
function sqlStateOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : '';
}
