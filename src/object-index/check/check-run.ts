import type { Damage } from '../damage.ts';
import type { SqliteDatabase } from '../sqlite-database.ts';
import type { SqlValue } from '../statements.ts';

/** What a file ID tells; null when no storage server would have made it. */
export type ReadFileId = (fileId: string) => {
  readonly groupName: string;
  /** Bytes; null when the name does not tell. */
  readonly size: number | null;
} | null;

/** What every family of checks works with. */
export interface CheckRun {
  /** Nobody writes to it meanwhile. */
  readonly database: SqliteDatabase;
  readonly readFileId: ReadFileId;
  found(damage: Damage): void;
  /** Rows that were looked at since the last call. */
  advance(rowCount: number): void;
  /** Rows by table. */
  readonly rowCounts: Readonly<Record<string, number>>;
}

/** Rows between two reports of how far a scan is. */
const ROWS_PER_REPORT = 10_000;

/** The rows of a query one by one, as arrays of the columns; they are counted as looked at. */
export function* scan<Row extends readonly SqlValue[]>(
  run: Pick<CheckRun, 'database' | 'advance'>,
  sql: string,
): Generator<Row> {
  let count = 0;
  for (const row of run.database.prepare(sql).raw().iterate() as IterableIterator<Row>) {
    yield row;
    count += 1;
    if (count === ROWS_PER_REPORT) {
      run.advance(count);
      count = 0;
    }
  }
  run.advance(count);
}

/** Rows in ascending order of their first column, taken by groups with the same one. */
export class GroupedRows<Row extends readonly [number | string, ...SqlValue[]]> {
  readonly #rows: Iterator<Row>;
  #next: Row | undefined;

  constructor(rows: Iterator<Row>) {
    this.#rows = rows;
    this.#advance();
  }

  /** The first column of the next group; null behind the last one. */
  get nextId(): Row[0] | null {
    return this.#next?.[0] ?? null;
  }

  /** The rows with that first column, which must be the next one; none are taken of another. */
  *take(id: Row[0]): Generator<Row> {
    for (let row = this.#next; row !== undefined && row[0] === id; row = this.#next) {
      this.#advance();
      yield row;
    }
  }

  #advance(): void {
    const step = this.#rows.next();
    this.#next = step.done ? undefined : step.value;
  }
}
