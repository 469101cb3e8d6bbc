import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { FindingLog } from '../../src/core/fsck/findings.ts';
import { checkAndRepair } from '../../src/core/fsck/repair-index.ts';
import { checkIndex } from '../../src/object-index/check/check-index.ts';
import type { ReadFileId } from '../../src/object-index/check/check-run.ts';
import { openSnapshot, takeSnapshot } from '../../src/object-index/check/snapshot.ts';
import type { IndexCheck } from '../../src/object-index/damage.ts';
import type { ObjectIndex } from '../../src/object-index/object-index.ts';
import { openSqliteIndex } from '../../src/object-index/sqlite-index.ts';
import { createBucket, DELETE_DELAY_MS, NOW_MS } from './object-index.ts';

/**
 * File IDs of tests: `group1/10-x` is a file of 10 bytes, `group1/M00/…` tells no size, and what
 * has no slash is none.
 */
const readTestFileId: ReadFileId = (fileId) => {
  const [groupName = '', name] = fileId.split('/');
  if (name === undefined) return null;
  const size = /^(\d+)-/.exec(name)?.[1];
  return { groupName, size: size === undefined ? null : Number(size) };
};

/** An index in a file, with a root user and a bucket, that can be damaged and checked. */
export class CheckedIndex {
  readonly index: ObjectIndex;
  readonly bucketId: number;
  readonly #directory: string;
  readonly #database: Database.Database;

  private constructor(index: ObjectIndex, directory: string, bucketId: number) {
    this.index = index;
    this.bucketId = bucketId;
    this.#directory = directory;
    this.#database = new Database(join(directory, 'index.db'));
    this.#database.pragma('foreign_keys = OFF');
    this.#database.pragma('ignore_check_constraints = ON');
  }

  /** `template` is a closed index to begin with. */
  static async open(template?: string): Promise<CheckedIndex> {
    const directory = mkdtempSync(join(tmpdir(), 'fsck-'));
    if (template !== undefined) copyFileSync(template, join(directory, 'index.db'));
    const index = await openSqliteIndex({
      ...{ path: join(directory, 'index.db'), threads: false, now: () => NOW_MS },
      ...{ deleteDelayMs: DELETE_DELAY_MS, replicaCheckDelayMs: 1_000 },
    });
    const bucket = await index.findBucket('photos');
    if (bucket) return new CheckedIndex(index, directory, bucket.id);
    await index.createUser({ id: 'owner', name: 'root', isRoot: true, createdAtMs: NOW_MS });
    return new CheckedIndex(index, directory, await createBucket(index, 'photos'));
  }

  get path(): string {
    return join(this.#directory, 'index.db');
  }

  /** Behind the index's back, without its constraints. */
  execute(sql: string): void {
    this.#database.exec(sql);
  }

  query<Row>(sql: string): Row[] {
    return this.#database.prepare(sql).all() as Row[];
  }

  readonly check = async (): Promise<IndexCheck> => {
    const copyPath = await takeSnapshot(this.path, this.path, {});
    const database = openSnapshot(copyPath);
    try {
      return checkIndex(database, this.path, {
        readFileId: readTestFileId,
        onProgress: () => {},
      });
    } finally {
      database.close();
    }
  };

  /** Kinds that are found, in order of their names. */
  async kinds(): Promise<string[]> {
    const { damages } = await this.check();
    return [...new Set(damages.map(({ kind }) => kind))].sort();
  }

  async repair(): Promise<FindingLog> {
    const findings = new FindingLog();
    const openIndex = async () => this.index;
    const { signal } = new AbortController();
    await checkAndRepair({ check: this.check, openIndex, signal, findings });
    return findings;
  }

  /** Files that wait for their deletion although something refers to them. */
  neededFilesInQueue(): string[] {
    const rows = this.query<{ file_id: string }>(
      `SELECT file_id FROM deletion_queue WHERE file_id IN (
        SELECT file_id FROM objects WHERE file_id IS NOT NULL UNION SELECT file_id FROM segments
        UNION SELECT file_id FROM parts WHERE file_id IS NOT NULL
        UNION SELECT file_id FROM part_segments UNION SELECT new_file_id FROM replaced_files)`,
    );
    return rows.map((row) => row.file_id);
  }

  /** `use` gets the path of the closed file before that is removed. */
  async close(use?: (path: string) => void): Promise<void> {
    this.#database.close();
    await this.index.close();
    use?.(this.path);
    rmSync(this.#directory, { recursive: true });
  }
}
