import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { ObjectIndex } from '../../src/object-index/object-index.ts';
import type { ObjectRecord, PendingDeletion, Upload } from '../../src/object-index/records.ts';
import type { NewObject, NewPart } from '../../src/object-index/requests.ts';
import { openSqliteIndex } from '../../src/object-index/sqlite-index.ts';

/** An index with one bucket, and a way to look at its tables from outside. */
export interface IndexUnderTest {
  readonly index: ObjectIndex;
  readonly bucketId: number;
  query<Row>(sql: string, ...values: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/**
 * The index's clock stands at this time; files may be deleted, and their replicas looked for, this
 * much later.
 */
export const NOW_MS = 1_700_000_000_000;
export const DELETE_DELAY_MS = 60_000;
export const REPLICA_CHECK_DELAY_MS = 30_000;

async function openSqlite(): Promise<IndexUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'object-index-'));
  const path = join(directory, 'index.db');
  const index = await openSqliteIndex({
    path,
    deleteDelayMs: DELETE_DELAY_MS,
    replicaCheckDelayMs: REPLICA_CHECK_DELAY_MS,
    threads: false,
    now: () => NOW_MS,
  });
  const database = new Database(path, { readonly: true });
  return {
    index,
    bucketId: await createBucket(index, 'photos'),
    query: async (sql, ...values) => database.prepare(sql).all(...values) as never[],
    async close() {
      database.close();
      await index.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Tests of operations run on each of these. */
export const indexEngines = [{ name: 'SQLite', open: openSqlite }] as const;

export async function createBucket(index: ObjectIndex, name: string): Promise<number> {
  const { bucket } = await index.createBucket({
    name,
    ownerId: 'owner',
    locationConstraint: null,
    createdAtMs: NOW_MS,
  });
  return bucket.id;
}

let filesMade = 0;

/** A file ID that no other call gives. */
export function newFileId(group = 'group1'): string {
  filesMade += 1;
  return `${group}/M00/00/00/test-${filesMade}.bin`;
}

export function newObject(
  bucketId: number,
  key: string,
  overrides: Partial<NewObject> = {},
): NewObject {
  const size = overrides.size ?? overrides.segments?.reduce((sum, one) => sum + one.size, 0) ?? 10;
  return {
    bucketId,
    key,
    ownerId: 'owner',
    size,
    etag: `etag-${key}`,
    checksum: null,
    lastModifiedMs: NOW_MS,
    segments: size === 0 ? [] : [{ fileId: newFileId(), fileOffset: 0, size }],
    headers: {},
    userMetadata: {},
    ...overrides,
  };
}

/** Puts and gives the object, or fails. */
export async function putObject(index: ObjectIndex, object: NewObject): Promise<ObjectRecord> {
  const stored = await index.putObject(object);
  if (stored.outcome !== 'stored') throw new Error(stored.outcome);
  return stored.object;
}

export function newUpload(bucketId: number, key: string, uploadId: string): Upload {
  return {
    uploadId,
    bucketId,
    key,
    ownerId: 'owner',
    initiatedAtMs: NOW_MS,
    checksumAlgorithm: null,
    checksumType: null,
    headers: {},
    userMetadata: {},
  };
}

export function newPart(
  upload: Pick<Upload, 'bucketId' | 'key' | 'uploadId'>,
  partNumber: number,
  overrides: Partial<NewPart> = {},
): NewPart {
  const size = overrides.size ?? overrides.segments?.reduce((sum, one) => sum + one.size, 0) ?? 5;
  return {
    bucketId: upload.bucketId,
    key: upload.key,
    uploadId: upload.uploadId,
    partNumber,
    size,
    etag: `etag-${partNumber}`,
    checksum: null,
    lastModifiedMs: NOW_MS,
    segments: size === 0 ? [] : [{ fileId: newFileId(), fileOffset: 0, size }],
    ...overrides,
  };
}

/** Files of all groups that are due, by group, those that are due longest first. */
export async function listAllDue(index: ObjectIndex, dueAtMs: number): Promise<PendingDeletion[]> {
  const due: PendingDeletion[] = [];
  for (const groupName of await index.listDueGroups(dueAtMs)) {
    due.push(...(await index.listDueDeletions({ groupName, dueAtMs, after: null, limit: 10_000 })));
  }
  return due;
}

/** File IDs in the deletion queue, sorted. */
export async function queuedFiles({ query }: IndexUnderTest): Promise<string[]> {
  const rows = await query<{ file_id: string }>('SELECT file_id FROM deletion_queue');
  return rows.map((row) => row.file_id).sort();
}

/** Counts of references that are kept, by file ID. */
export async function sharedFiles({ query }: IndexUnderTest): Promise<Record<string, number>> {
  const rows = await query<{ file_id: string; reference_count: number }>(
    'SELECT file_id, reference_count FROM shared_files',
  );
  return Object.fromEntries(rows.map((row) => [row.file_id, row.reference_count]));
}
