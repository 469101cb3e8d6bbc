import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { LoggedFile, PlacedRow, PlannedRow, PlanPosition } from './import-records.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

const PAGE_CACHE_KIB = 64 * 1024;
/** Keys that one file is looked for under. */
const PLACES_MAX = 100;

/**
 * Everything that an import is to do, in the order of keys, in a working file that `close` removes:
 * memory stays bounded however long the lists are, and one statement tells which of the files the
 * index knows. Throws what SQLite says when the disk is full.
 */
export class ImportPlan {
  readonly path: string;
  readonly #directory: string;
  readonly #database: SqliteDatabase;
  readonly #addRow: Database.Statement;
  readonly #addWanted: Database.Statement;
  readonly #log: Database.Statement;
  #rowCount = 0;

  /** `directory` must exist; the working file gets a directory of its own in it. */
  constructor(directory: string) {
    this.#directory = mkdtempSync(join(directory, 'fastdfs-s3-import-'));
    this.path = join(this.#directory, 'plan.sqlite');
    this.#database = new Database(this.path);
    this.#database.pragma('journal_mode = OFF');
    this.#database.pragma('synchronous = OFF');
    this.#database.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
    this.#database.exec(SCHEMA);
    this.#addRow = this.#database.prepare('INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)');
    this.#addWanted = this.#database.prepare('INSERT OR IGNORE INTO wanted VALUES (?)');
    this.#log = this.#database.prepare(
      `INSERT INTO logged VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (file_id) DO UPDATE SET time = excluded.time, is_there = excluded.is_there,
            source = excluded.source, line = excluded.line
          WHERE excluded.time >= logged.time`,
    );
    this.#database.exec('BEGIN');
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  add(rows: readonly PlannedRow[]): void {
    for (const { key, fileIds, source, line, detail } of rows) {
      const fileId = fileIds.length === 1 ? fileIds[0] : JSON.stringify(fileIds);
      this.#addRow.run(key, this.#rowCount, source, line, fileId, detail);
      this.#rowCount += 1;
      for (const one of fileIds) this.#addWanted.run(one);
    }
  }

  /** Of each file the latest entry counts; of equal times the one that comes later. */
  log(files: readonly LoggedFile[]): void {
    for (const { fileId, time, isThere, source, line } of files) {
      this.#log.run(fileId, time, Number(isThere), source, line);
    }
  }

  /** Files that are there by what was logged, in the order of their IDs. */
  *loggedFiles(): Generator<LoggedFile> {
    for (const row of pages(this.#database, LOGGED_PAGE, [''], (last) => [last.file_id])) {
      yield {
        ...{ fileId: row.file_id, time: row.time, isThere: true },
        ...{ source: row.source, line: row.line },
      };
    }
  }

  /** Ends the adding: others may write what they know of the files. */
  finish(): void {
    this.#database.exec('COMMIT');
  }

  /** Rows behind a position, in the order of the keys' bytes and then of their lines. */
  *rows(after: PlanPosition | null): Generator<PlacedRow> {
    const isAnyUsed = this.#database.prepare('SELECT 1 FROM uses LIMIT 1').get() !== undefined;
    const first = [after?.key ?? '', after?.order ?? -1];
    for (const row of pages(this.#database, ROWS_PAGE, first, (last) => [last.key, last.ord])) {
      const { key, ord: order, source, line, detail } = row;
      const fileIds = row.file_id.startsWith('[') ? JSON.parse(row.file_id) : [row.file_id];
      const uses = isAnyUsed ? fileIds.flatMap((fileId: string) => this.#useOf(fileId)) : [];
      yield { key, order, source, line, detail, fileIds, uses };
    }
  }

  close(): void {
    this.#database.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #useOf(fileId: string): PlacedRow['uses'] {
    const rows = this.#database
      .prepare(`SELECT bucket_id, key FROM uses WHERE file_id = ? LIMIT ${PLACES_MAX}`)
      .all(fileId) as { readonly bucket_id: number; readonly key: string }[];
    if (rows.length === 0) return [];
    const places = rows.filter((row) => row.bucket_id !== NO_BUCKET);
    return [{ fileId, places: places.map((row) => ({ bucketId: row.bucket_id, key: row.key })) }];
  }
}

/** Of uses that are no objects. */
const NO_BUCKET = -1;

const SCHEMA = `
  CREATE TABLE rows (key TEXT NOT NULL, ord INTEGER NOT NULL, source INTEGER NOT NULL,
    line INTEGER NOT NULL, file_id TEXT NOT NULL, detail TEXT, PRIMARY KEY (key, ord))
    WITHOUT ROWID;
  CREATE TABLE wanted (file_id TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE uses (file_id TEXT NOT NULL, bucket_id INTEGER NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (file_id, bucket_id, key)) WITHOUT ROWID;
  CREATE TABLE logged (file_id TEXT NOT NULL PRIMARY KEY, time INTEGER NOT NULL,
    is_there INTEGER NOT NULL, source INTEGER NOT NULL, line INTEGER NOT NULL) WITHOUT ROWID;
`;

interface PlanRow {
  readonly key: string;
  readonly ord: number;
  readonly source: number;
  readonly line: number;
  readonly file_id: string;
  readonly detail: string | null;
}

interface LoggedRow {
  readonly file_id: string;
  readonly time: number;
  readonly source: number;
  readonly line: number;
}

interface Page<Row> {
  readonly sql: string;
  /** Gives the row its type; there is none at run time. */
  readonly row?: Row;
}

const ROWS_PER_PAGE = 5_000;
const ROWS_PAGE: Page<PlanRow> = {
  sql: `SELECT key, ord, source, line, file_id, detail FROM rows WHERE (key, ord) > (?, ?)
    ORDER BY key, ord LIMIT ${ROWS_PER_PAGE}`,
};
const LOGGED_PAGE: Page<LoggedRow> = {
  sql: `SELECT file_id, time, source, line FROM logged WHERE file_id > ? AND is_there = 1
    ORDER BY file_id LIMIT ${ROWS_PER_PAGE}`,
};

/** Page by page, so that nobody holds the file while rows are worked on. */
function* pages<Row>(
  database: SqliteDatabase,
  { sql }: Page<Row>,
  first: readonly (string | number)[],
  positionOf: (row: Row) => readonly (string | number)[],
): Generator<Row> {
  const statement = database.prepare(sql);
  for (let position = first; ; ) {
    const rows = statement.all(...position) as Row[];
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_PER_PAGE) return;
    position = positionOf(last);
  }
}

/** Where the index knows files from: one statement, so one moment. */
const USES = `SELECT o.file_id, o.bucket_id, o.key FROM main.objects o
    WHERE EXISTS (SELECT 1 FROM working.wanted w WHERE w.file_id = o.file_id)
  ${[
    'segments file_id',
    'parts file_id',
    'part_segments file_id',
    'shared_files file_id',
    'replaced_files old_file_id',
    'replaced_files new_file_id',
    'named_files file_id',
    'deletion_queue file_id',
  ]
    .map((use) => {
      const [table, column] = use.split(' ');
      return `UNION ALL SELECT t.${column}, ${NO_BUCKET}, '' FROM main.${table} t WHERE EXISTS
        (SELECT 1 FROM working.wanted w WHERE w.file_id = t.${column})`;
    })
    .join('\n')}`;

/** Writes into the working file of a finished plan which of its files the index knows. */
export function locateFiles(database: SqliteDatabase, workingPath: string): void {
  database.prepare('ATTACH DATABASE ? AS working').run(workingPath);
  try {
    database.pragma('working.journal_mode = OFF');
    database.pragma('working.synchronous = OFF');
    database.exec(`INSERT OR IGNORE INTO working.uses (file_id, bucket_id, key) ${USES}`);
  } finally {
    database.exec('DETACH DATABASE working');
  }
}
