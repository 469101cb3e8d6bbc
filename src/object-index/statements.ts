/**
 * Operations on the index are generators that yield statements and get their rows back, so that
 * SQLite's thread can run one to its end without awaiting and PostgreSQL can await each statement.
 * The SQL is what both understand; placeholders are `?`.
 */

export type SqlValue = string | number | null | Uint8Array;

export type Statement =
  | {
      /** `all` gives every row, `get` the first or undefined, `run` the number of changed rows. */
      readonly kind: 'all' | 'get' | 'run';
      readonly sql: string;
      readonly values: readonly SqlValue[];
    }
  /** A number never given before; engines differ in how they count. */
  | { readonly kind: 'next-object-id' };

export type Statements<T> = Generator<Statement, T, unknown>;

/** Facts about the moment a write runs, the same for every write of a batch. */
export interface WriteContext {
  readonly nowMs: number;
  /** When a file that loses its last reference now may be deleted. */
  readonly deletionNotBeforeMs: number;
  /** When the replicas of files that are new now are to be looked for; never when null. */
  readonly replicaCheckDueMs?: number | null;
}

export function* all<Row>(sql: string, values: readonly SqlValue[]): Statements<Row[]> {
  return (yield { kind: 'all', sql, values }) as Row[];
}

export function* get<Row>(sql: string, values: readonly SqlValue[]): Statements<Row | undefined> {
  return (yield { kind: 'get', sql, values }) as Row | undefined;
}

/** Gives the number of rows that were inserted, updated or deleted. */
export function* run(sql: string, values: readonly SqlValue[]): Statements<number> {
  return (yield { kind: 'run', sql, values }) as number;
}

export function* nextObjectId(): Statements<number> {
  return (yield { kind: 'next-object-id' }) as number;
}

/** Runs an operation to its end; what `execute` throws ends it. */
export function runStatements<T>(
  statements: Statements<T>,
  execute: (statement: Statement) => unknown,
): T {
  let step = statements.next();
  while (!step.done) step = statements.next(execute(step.value));
  return step.value;
}

/** Rows per statement: few sizes, so that each text is prepared once and reused. */
const chunkSizes = [256, 16, 1] as const;

/**
 * Inserts rows in as few statements as the bound on parameters allows.
 * `columns` are in the order of the values of each row; `onConflict` is SQL that ends the insert.
 */
export function* insertRows(
  table: string,
  columns: readonly string[],
  rows: readonly (readonly SqlValue[])[],
  onConflict = '',
): Statements<void> {
  let next = 0;
  for (const size of chunkSizes) {
    for (; rows.length - next >= size; next += size) {
      yield* run(
        `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${tuples(size, columns.length)} ${onConflict}`,
        rows.slice(next, next + size).flat(),
      );
    }
  }
}

/**
 * Runs a statement with `IN (…)` for all of `list`, in chunks, and gives the rows of all.
 * `sql` gets the placeholders, which must be the last ones of the text.
 */
export function* allIn<Row>(
  sql: (placeholders: string) => string,
  before: readonly SqlValue[],
  list: readonly SqlValue[],
): Statements<Row[]> {
  const rows: Row[] = [];
  for (const chunk of paddedChunks(list)) {
    const found = yield* all<Row>(sql(placeholders(chunk.length)), [...before, ...chunk]);
    for (const row of found) rows.push(row);
  }
  return rows;
}

/** `allIn` for statements without rows. */
export function* runIn(
  sql: (placeholders: string) => string,
  before: readonly SqlValue[],
  list: readonly SqlValue[],
): Statements<void> {
  for (const chunk of paddedChunks(list)) {
    yield* run(sql(placeholders(chunk.length)), [...before, ...chunk]);
  }
}

/** Repeating a value changes nothing inside `IN (…)`, so the last chunk is filled up with one. */
function* paddedChunks(list: readonly SqlValue[]): Generator<SqlValue[]> {
  const [largest] = chunkSizes;
  for (let start = 0; start < list.length; start += largest) {
    const chunk = list.slice(start, start + largest);
    const size = chunkSizes.findLast((candidate) => candidate >= chunk.length) ?? largest;
    const filler = chunk[0] ?? null;
    while (chunk.length < size) chunk.push(filler);
    yield chunk;
  }
}

function placeholders(count: number): string {
  return `?${', ?'.repeat(count - 1)}`;
}

function tuples(rowCount: number, columnCount: number): string {
  const tuple = `(${placeholders(columnCount)})`;
  return tuple + `, ${tuple}`.repeat(rowCount - 1);
}
