import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlacedRow } from '../../../src/object-index/import-records.ts';
import type { ObjectIndex } from '../../../src/object-index/object-index.ts';
import { openSqliteIndex } from '../../../src/object-index/sqlite-index.ts';
import { openImportPlan } from '../../../src/text-sorter.ts';
import { newObject } from '../../support/new-records.ts';

/** Small numbers, so that everything meets everything. */
const KEYS = ['a', 'b', 'c'];
const SIZE = 10;

type Step =
  | { kind: 'upload'; hasExtension: boolean }
  | { kind: 'publish'; pick: number; bucket: number; key: number }
  | { kind: 'fail'; pick: number }
  | { kind: 'copy'; from: number; to: number; fromBucket: number; toBucket: number }
  | { kind: 'rename'; bucket: number; from: number; to: number }
  | { kind: 'append'; bucket: number; key: number }
  | { kind: 'delete'; bucket: number; keys: number[] }
  | { kind: 'plan'; picks: number[]; keys: number[] }
  | { kind: 'import'; bucket: number; overwrites: boolean; isDryRun: boolean };

const index = (max: number) => fc.nat({ max: max - 1 });
const bucket = index(2);
const key = index(KEYS.length);
const pick = index(1_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('upload' as const), hasExtension: fc.boolean() }),
  fc.record({ kind: fc.constant('publish' as const), pick, bucket, key }),
  fc.record({ kind: fc.constant('fail' as const), pick }),
  fc.record({
    ...{ kind: fc.constant('copy' as const), from: key, to: key },
    ...{ fromBucket: bucket, toBucket: bucket },
  }),
  fc.record({ kind: fc.constant('rename' as const), bucket, from: key, to: key }),
  fc.record({ kind: fc.constant('append' as const), bucket, key }),
  fc.record({
    ...{ kind: fc.constant('delete' as const), bucket },
    keys: fc.array(key, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('plan' as const),
    picks: fc.array(pick, { minLength: 1, maxLength: 4 }),
    keys: fc.array(key, { minLength: 4, maxLength: 4 }),
  }),
  fc.record({
    ...{ kind: fc.constant('import' as const), bucket },
    ...{ overwrites: fc.boolean(), isDryRun: fc.boolean() },
  }),
);

/** Does steps on an index, and knows what should come of them. */
class Run {
  readonly #index: ObjectIndex;
  readonly #database: Database.Database;
  readonly #directory: string;
  readonly #buckets: readonly number[];
  /** Old files that the gateway did not store, half of them with an extension. */
  readonly #foreign = Array.from(
    { length: 6 },
    (_, position) => `group1/M00/00/00/foreign-${position}${position % 2 ? '.jpg' : '0000000'}`,
  );
  readonly #published = new Set<string>();
  /** Uploaded by writes that are under way. */
  readonly #pending: string[] = [];
  /** Files whose first reference was an import, and that the gateway did not publish itself. */
  readonly #imported = new Set<string>();
  /** Of these, those that were in the bucket that keeps them. */
  readonly #keptFor = new Set<string>();
  #plan: { readonly rows: readonly PlacedRow[] } | null = null;
  #fileCount = 0;

  constructor(
    opened: ObjectIndex,
    database: Database.Database,
    directory: string,
    buckets: readonly number[],
  ) {
    this.#index = opened;
    this.#database = database;
    this.#directory = directory;
    this.#buckets = buckets;
  }

  async do(one: Step): Promise<void> {
    const before = this.#references();
    const queuedBefore = this.#queued();
    await this.#act(one);
    const after = this.#references();
    const queued = this.#queued();
    for (const fileId of before.keys()) {
      if (after.has(fileId)) continue;
      const isKept = this.#imported.has(fileId) && this.#keptFor.has(fileId);
      expect([fileId, queued.has(fileId)]).toEqual([fileId, !isKept]);
      this.#imported.delete(fileId);
      this.#keptFor.delete(fileId);
    }
    this.#noteKept();
    for (const fileId of queued) {
      if (!queuedBefore.has(fileId)) expect(this.#imported.has(fileId)).toBe(false);
    }
    this.#checkCounts(after, queued);
  }

  #noteKept(): void {
    const files = this.#database
      .prepare('SELECT file_id FROM objects WHERE bucket_id = ? AND file_id IS NOT NULL')
      .pluck()
      .all(this.#buckets[0]) as string[];
    for (const fileId of files) this.#keptFor.add(fileId);
  }

  #checkCounts(references: ReadonlyMap<string, number>, queued: ReadonlySet<string>): void {
    const counted = this.#database
      .prepare('SELECT file_id, reference_count FROM shared_files')
      .raw()
      .all() as [string, number][];
    const shared = [...references].filter(([, count]) => count > 1);
    expect(new Map(counted)).toEqual(new Map(shared));
    for (const fileId of references.keys()) expect(queued.has(fileId)).toBe(false);
    const named = this.#database
      .prepare('SELECT DISTINCT file_id, MAX(is_imported) FROM named_files GROUP BY file_id')
      .raw()
      .all() as [string, number][];
    for (const [fileId, isImported] of named) {
      expect(references.has(fileId)).toBe(true);
      expect([fileId, isImported === 1]).toEqual([fileId, this.#imported.has(fileId)]);
    }
    const names = new Set(named.map(([fileId]) => fileId));
    for (const fileId of this.#imported) {
      if (references.has(fileId)) expect(names.has(fileId)).toBe(true);
    }
  }

  /** Rows that refer to each file, by looking at all of them. */
  #references(): Map<string, number> {
    const rows = this.#database
      .prepare(
        `SELECT file_id, COUNT(*) FROM (
          SELECT file_id FROM objects WHERE file_id IS NOT NULL
          UNION ALL SELECT file_id FROM segments) GROUP BY file_id`,
      )
      .raw()
      .all() as [string, number][];
    return new Map(rows);
  }

  #queued(): Set<string> {
    return new Set(
      this.#database.prepare('SELECT file_id FROM deletion_queue').pluck().all() as string[],
    );
  }

  /** Gives the bucket that may have lost references. */
  async #act(one: Step): Promise<number | undefined> {
    switch (one.kind) {
      case 'upload': {
        this.#fileCount += 1;
        const tail = one.hasExtension ? '.jpg' : '0000000';
        this.#pending.push(`group1/M00/00/00/own-${this.#fileCount}${tail}`);
        return undefined;
      }
      case 'publish':
        return await this.#publish(one);
      case 'fail': {
        const [fileId] = this.#pending.splice(one.pick % (this.#pending.length || 1), 1);
        if (fileId === undefined) return undefined;
        await this.#index.queueDeletions([fileId], 1);
        return undefined;
      }
      case 'copy':
        return await this.#copy(one);
      case 'rename': {
        const bucketId = this.#bucket(one.bucket);
        const [sourceKey, renamed] = [KEYS[one.from] ?? '', KEYS[one.to] ?? ''];
        if (sourceKey === renamed) return undefined;
        await this.#index.renameObject({ bucketId, sourceKey, key: renamed, token: null });
        return bucketId;
      }
      case 'append':
        return await this.#append(one);
      case 'delete': {
        const bucketId = this.#bucket(one.bucket);
        await this.#index.deleteObjects(
          bucketId,
          [...new Set(one.keys)].map((at) => KEYS[at] ?? ''),
        );
        return bucketId;
      }
      case 'plan':
        await this.#makePlan(one);
        return undefined;
      case 'import':
        return await this.#import(one);
    }
  }

  #bucket(position: number): number {
    return this.#buckets[position] ?? 0;
  }

  async #publish({ pick: at, bucket: to, key: keyAt }: Extract<Step, { kind: 'publish' }>) {
    const [fileId] = this.#pending.splice(at % (this.#pending.length || 1), 1);
    if (fileId === undefined) return undefined;
    const bucketId = this.#bucket(to);
    const segments = [{ fileId, fileOffset: 0, size: SIZE }];
    this.#imported.delete(fileId);
    this.#published.add(fileId);
    await this.#index.putObject(newObject(bucketId, KEYS[keyAt] ?? '', { segments }));
    return bucketId;
  }

  async #copy(one: Extract<Step, { kind: 'copy' }>) {
    const source = await this.#index.findObject(this.#bucket(one.fromBucket), KEYS[one.from] ?? '');
    if (!source) return undefined;
    const bucketId = this.#bucket(one.toBucket);
    await this.#index.copyObject({
      source: { bucketId: source.bucketId, key: source.key },
      sourceObjectId: source.id,
      destination: { bucketId, key: KEYS[one.to] ?? '' },
      ownerId: 'owner',
      lastModifiedMs: 1,
      description: null,
    });
    return bucketId;
  }

  async #append(one: Extract<Step, { kind: 'append' }>) {
    const bucketId = this.#bucket(one.bucket);
    const current = await this.#index.findObject(bucketId, KEYS[one.key] ?? '');
    if (!current) return undefined;
    this.#fileCount += 1;
    const fileId = `group1/M00/00/00/own-${this.#fileCount}0000000`;
    await this.#index.appendObject({
      ...{ bucketId, key: current.key, size: SIZE, etag: `${current.etag}+` },
      expected: { objectId: current.id, etag: current.etag },
      segments: [{ fileId, fileOffset: 0, size: SIZE }],
      ...{ partChecksum: null, checksum: null, partCount: (current.partCount ?? 1) + 1 },
      lastModifiedMs: 1,
    });
    return bucketId;
  }

  /** Chooses files, and asks the index which of them it knows; the import may come much later. */
  async #makePlan({ picks, keys }: Extract<Step, { kind: 'plan' }>): Promise<void> {
    const all = [...this.#foreign, ...this.#published, ...this.#pending];
    const plan = openImportPlan(this.#directory);
    try {
      const chosen = picks.map((at, position) => ({
        key: KEYS[keys[position] ?? 0] ?? '',
        fileIds: [all[at % all.length] ?? ''],
        ...{ source: 0, line: position, detail: null },
      }));
      plan.add(chosen);
      plan.finish();
      await this.#index.locateFiles(plan.path);
      const isYoung = (fileId: string) =>
        this.#pending.includes(fileId) && !fileId.endsWith('.jpg');
      // Core refuses those: a write may be about to refer to them.
      const rows = [...plan.rows(null)].filter(({ fileIds }) => !fileIds.some(isYoung));
      this.#plan = { rows };
    } finally {
      plan.close();
    }
  }

  async #import(one: Extract<Step, { kind: 'import' }>) {
    const bucketId = this.#bucket(one.bucket);
    const byKey = new Map(this.#plan?.rows.map((row) => [row.key, row]));
    const rows = [...byKey.values()];
    const known = this.#references();
    const gone = this.#queued();
    const { overwrites, isDryRun } = one;
    const done = await this.#index.importObjects({
      ...{ bucketId, overwrites, isDryRun },
      objects: rows.map(({ key: name, fileIds: [fileId = ''], uses }) => {
        const { bucketId: _, ...object } = newObject(bucketId, name, {
          segments: [{ fileId, fileOffset: 0, size: SIZE }],
        });
        return { ...object, uses };
      }),
    });
    if (done.outcome !== 'done') throw new Error(done.outcome);
    const changes = rows.map((row, at) => ({ row, outcome: done.outcomes[at] }));
    for (const { row, outcome } of changes) {
      const [fileId = ''] = row.fileIds;
      if (outcome === 'queued') expect(gone.has(fileId)).toBe(true);
      if (outcome === 'changed') expect(row.uses.length).toBe(1);
      if (outcome !== 'imported' && outcome !== 'overwritten') continue;
      expect(gone.has(fileId)).toBe(false);
      if (isDryRun) continue;
      // The second one in a batch has the first one's reference.
      if (!known.has(fileId)) this.#imported.add(fileId);
      const object = await this.#index.findObject(bucketId, row.key);
      expect(object?.fileId).toBe(fileId);
    }
    return bucketId;
  }
}

describe('imports among other writes', () => {
  it('keep references, queue and names exact, whatever comes between plan and import', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'import-model-'));
    let runs = 0;
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
          runs += 1;
          const path = join(directory, `index-${runs}.db`);
          const opened = await openSqliteIndex({ path, deleteDelayMs: 0, threads: false });
          const database = new Database(path);
          database.pragma('synchronous = OFF');
          try {
            const buckets: number[] = [];
            for (const name of ['keeps', 'deletes']) {
              const made = { name, ownerId: 'o', locationConstraint: null, createdAtMs: 1 };
              buckets.push((await opened.createBucket(made)).bucket.id);
            }
            await opened.setBucketSetting(buckets[1] ?? 0, 'importedFiles', 'delete');
            const run = new Run(opened, database, directory, buckets);
            for (const one of steps) await run.do(one);
          } finally {
            database.close();
            await opened.close();
          }
        }),
        { numRuns: 100 },
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }, 120_000);
});
