import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileReferencesPage } from '../../../src/object-index/file-requests.ts';
import { migrate } from '../../../src/object-index/migrate.ts';
import { listings, pointReads, writeOperations } from '../../../src/object-index/operations.ts';
import type { SegmentContent } from '../../../src/object-index/records.ts';
import { SqliteRunner } from '../../../src/object-index/sqlite-database.ts';
import { newFileId, newObject, newPart, newUpload } from '../../support/new-records.ts';
import { NOW_MS } from '../../support/object-index.ts';

const context = { nowMs: NOW_MS, deletionNotBeforeMs: NOW_MS };
const { createBucket, putObject, copyObject, deleteObjects } = writeOperations;
const { createUpload, putPart, copyPart, completeUpload, abortUpload } = writeOperations;
const { repointFile } = writeOperations;

/** Few keys and uploads, so that things meet. */
const keys = ['a', 'b', 'c'] as const;
const uploadIds = ['u1', 'u2'] as const;

const key = fc.constantFrom(...keys);
const uploadId = fc.constantFrom(...uploadIds);
const partNumber = fc.integer({ min: 1, max: 3 });
const fileSizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 });

const command = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, fileSizes }),
  fc.record({ kind: fc.constant('copy' as const), key, to: key }),
  fc.record({ kind: fc.constant('delete' as const), keys: fc.subarray([...keys]) }),
  fc.record({ kind: fc.constant('upload' as const), uploadId, key }),
  fc.record({ kind: fc.constant('part' as const), uploadId, partNumber, fileSizes }),
  fc.record({
    kind: fc.constant('copyPart' as const),
    ...{ uploadId, partNumber, key },
    from: fc.nat(9),
    size: fc.integer({ min: 1, max: 20 }),
  }),
  fc.record({ kind: fc.constant('complete' as const), uploadId, leaveOut: fc.nat(3) }),
  fc.record({ kind: fc.constant('abort' as const), uploadId }),
  fc.record({
    kind: fc.constant('repoint' as const),
    file: fc.nat(),
    keys: fc.subarray([...keys]),
  }),
);

/** Copies and moves of their files, which meet by chance too seldom. */
const sharing = fc
  .tuple(fc.constantFrom(...keys), fc.nat(), fc.subarray([...keys], { minLength: 1 }))
  .map(([from, file, moved]): Command[] => [
    ...keys.map((to) => ({ kind: 'copy' as const, key: from, to })),
    { kind: 'repoint', file, keys: moved },
  ]);
const commandLists = fc
  .array(fc.oneof({ arbitrary: command.map((one) => [one]), weight: 8 }, sharing), {
    minLength: 5,
    maxLength: 30,
  })
  .map((lists) => lists.flat());
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

/** Content as the files and bytes it must be made of. */
type Bytes = readonly string[];

/** Runs commands on an index and on maps of what every key and part must contain. */
class Model {
  readonly runner = new SqliteRunner(new Database(':memory:'));
  readonly bucketId: number;
  readonly objects = new Map<string, Bytes>();
  readonly uploads = new Map<string, { key: string; parts: Map<number, Bytes> }>();
  readonly files = new Set<string>();
  /** Old file by new one; the old file may be gone by now. */
  readonly replacedBy = new Map<string, string>();

  constructor() {
    migrate(this.runner.database, ':memory:');
    const bucket = { name: 'b', ownerId: 'o', locationConstraint: null, createdAtMs: 1 };
    this.bucketId = this.runner.run(createBucket(context, bucket)).bucket.id;
  }

  run(given: Command): void {
    if (given.kind === 'put') this.#put(given.key, this.#newSegments(given.fileSizes));
    else if (given.kind === 'copy') this.#copy(given.key, given.to);
    else if (given.kind === 'delete') this.#delete(given.keys);
    else if (given.kind === 'upload') this.#upload(given.uploadId, given.key);
    else if (given.kind === 'part') this.#part(given);
    else if (given.kind === 'copyPart') this.#copyPart(given);
    else if (given.kind === 'complete') this.#complete(given.uploadId, given.leaveOut);
    else if (given.kind === 'abort') this.#abort(given.uploadId);
    else this.#repoint(given.file, given.keys);
  }

  /** The bytes of an object as the index describes them. */
  read(objectKey: string): Bytes | undefined {
    const object = this.runner.run(pointReads.findObject(this.bucketId, objectKey));
    if (!object) return undefined;
    const { fileId, size } = object;
    if (fileId !== null) return this.#originals([{ fileId, fileOffset: 0, size }]);
    const segments = this.runner.run(pointReads.listSegments(object.id, 0, 1000));
    let offset = 0;
    for (const segment of segments) {
      expect(segment.startOffset).toBe(offset);
      offset += segment.size;
    }
    expect(offset).toBe(size);
    return this.#originals(segments);
  }

  /** The first file that has the bytes of this one. */
  originalOf(fileId: string): string {
    const old = this.replacedBy.get(fileId);
    return old === undefined ? fileId : this.originalOf(old);
  }

  /** Every file that a row refers to, each as often as it is referred to. */
  references(alsoReplaced = 'UNION ALL SELECT new_file_id FROM replaced_files'): string[] {
    return this.column(
      `SELECT file_id FROM (
          SELECT file_id FROM objects UNION ALL SELECT file_id FROM segments
          UNION ALL SELECT file_id FROM parts UNION ALL SELECT file_id FROM part_segments
          ${alsoReplaced})
        WHERE file_id IS NOT NULL ORDER BY file_id`,
    ) as string[];
  }

  /** The same by the pages of a walk. */
  walk(limit: number): string[] {
    const fileIds: string[] = [];
    for (let after: string | null = null; ; ) {
      const request = { bucketId: null, after, limit };
      const page: FileReferencesPage = this.runner.run(listings.listFileReferences(request));
      for (const { fileId } of page.references) fileIds.push(fileId);
      if (page.next === null) return fileIds.sort();
      after = page.next;
    }
  }

  #originals(segments: readonly SegmentContent[]): Bytes {
    return bytesOf(
      segments.map((segment) => ({ ...segment, fileId: this.originalOf(segment.fileId) })),
    );
  }

  column(sql: string): unknown[] {
    return this.runner.database.prepare(sql).pluck().all();
  }

  #newSegments(sizes: readonly number[]): SegmentContent[] {
    return sizes.map((size) => {
      const fileId = newFileId();
      this.files.add(fileId);
      return { fileId, fileOffset: 0, size };
    });
  }

  #put(objectKey: string, segments: SegmentContent[]): void {
    const size = segments.reduce((sum, segment) => sum + segment.size, 0);
    this.runner.run(putObject(context, newObject(this.bucketId, objectKey, { segments, size })));
    this.objects.set(objectKey, bytesOf(segments));
  }

  #copy(from: string, to: string): void {
    const source = this.runner.run(pointReads.findObject(this.bucketId, from));
    const bytes = this.objects.get(from);
    if (!source || !bytes) return;
    const { bucketId } = this;
    const copied = this.runner.run(
      copyObject(context, {
        source: { bucketId, key: from },
        sourceObjectId: source.id,
        destination: { bucketId, key: to },
        ownerId: 'o',
        lastModifiedMs: 1,
        description: null,
      }),
    );
    expect(copied.outcome).toBe('stored');
    this.objects.set(to, bytes);
  }

  #delete(objectKeys: readonly string[]): void {
    this.runner.run(deleteObjects(context, this.bucketId, objectKeys));
    for (const objectKey of objectKeys) this.objects.delete(objectKey);
  }

  #upload(id: string, objectKey: string): void {
    if (this.uploads.has(id)) return;
    this.runner.run(createUpload(context, newUpload(this.bucketId, objectKey, id)));
    this.uploads.set(id, { key: objectKey, parts: new Map() });
  }

  #part(given: Extract<Command, { kind: 'part' }>): void {
    const upload = this.uploads.get(given.uploadId);
    if (!upload) return;
    const segments = this.#newSegments(given.fileSizes);
    const size = segments.reduce((sum, segment) => sum + segment.size, 0);
    const target = { bucketId: this.bucketId, key: upload.key, uploadId: given.uploadId };
    this.runner.run(putPart(context, newPart(target, given.partNumber, { segments, size })));
    upload.parts.set(given.partNumber, bytesOf(segments));
  }

  #copyPart(given: Extract<Command, { kind: 'copyPart' }>): void {
    const upload = this.uploads.get(given.uploadId);
    const source = this.runner.run(pointReads.findObject(this.bucketId, given.key));
    const bytes = this.objects.get(given.key);
    if (!upload || !source || !bytes) return;
    const start = Math.min(given.from, source.size);
    const size = Math.min(given.size, source.size - start);
    const { bucketId } = this;
    const target = { bucketId, key: upload.key, uploadId: given.uploadId };
    const { segments: _, size: __, ...part } = newPart(target, given.partNumber);
    const copied = this.runner.run(
      copyPart(context, {
        ...part,
        source: { bucketId, key: given.key },
        sourceObjectId: source.id,
        range: { start, size },
      }),
    );
    expect(copied).toBe('stored');
    upload.parts.set(given.partNumber, bytes.slice(start, start + size));
  }

  #complete(id: string, leaveOut: number): void {
    const upload = this.uploads.get(id);
    if (!upload) return;
    const listed = [...upload.parts.keys()].filter((part) => part !== leaveOut).sort();
    const completed = this.runner.run(
      completeUpload(context, {
        bucketId: this.bucketId,
        key: upload.key,
        uploadId: id,
        parts: listed.map((part) => ({ partNumber: part, etag: `etag-${part}` })),
        etag: 'e',
        checksum: null,
        lastModifiedMs: 1,
      }),
    );
    expect(completed.outcome).toBe('completed');
    this.runner.run(writeOperations.forgetCompletedUploads(context, 2));
    this.objects.set(
      upload.key,
      listed.flatMap((part) => upload.parts.get(part) ?? []),
    );
    this.uploads.delete(id);
  }

  #abort(id: string): void {
    const upload = this.uploads.get(id);
    if (!upload) return;
    this.runner.run(abortUpload(context, this.bucketId, upload.key, id));
    this.uploads.delete(id);
  }

  /** Moves what the index finds, as a repair does that knows of some keys only. */
  #repoint(number: number, objectKeys: readonly string[]): void {
    // Files with many references come more often; now and then one has none any more.
    const candidates = number % 8 === 0 ? [...this.files].sort() : this.references();
    const oldFileId = candidates[number % candidates.length];
    if (oldFileId === undefined) return;
    const before = this.references().filter((fileId) => fileId === oldFileId).length;
    const known = this.runner.run(pointReads.findReplacement(oldFileId));
    const replacement = known ?? newFileId();
    const { bucketId } = this;
    const locations = objectKeys.map((objectKey) => ({ bucketId, key: objectKey }));
    const request = { oldFileId, newFileId: replacement, locations };
    const result = this.runner.run(repointFile(context, request));
    const after = this.references().filter((fileId) => fileId === oldFileId).length;
    if (result.outcome !== 'repointed') {
      expect(result).toEqual({ outcome: 'not-referenced' });
      expect(after).toBe(before);
      return;
    }
    expect(result).toEqual({
      outcome: 'repointed',
      movedCount: before - after,
      remainingCount: after,
    });
    this.files.add(replacement);
    this.replacedBy.set(replacement, oldFileId);
  }
}

function bytesOf(segments: readonly SegmentContent[]): Bytes {
  return segments.flatMap(({ fileId, fileOffset, size }) =>
    Array.from({ length: size }, (_, i) => `${fileId}@${fileOffset + i}`),
  );
}

function distinctFiles(contents: Iterable<Bytes>): Set<string> {
  const files = new Set<string>();
  for (const bytes of contents) {
    for (const byte of bytes) files.add(byte.slice(0, byte.indexOf('@')));
  }
  return files;
}

function checkInvariants(model: Model): void {
  for (const objectKey of keys) expect(model.read(objectKey)).toEqual(model.objects.get(objectKey));
  const parts = [...model.uploads.values()].flatMap((upload) => [...upload.parts.values()]);
  const needed = distinctFiles([...model.objects.values(), ...parts]);
  const references = model.references();
  // All bytes that anybody needs are in files that something refers to, and no others are.
  expect(new Set(references.map((fileId) => model.originalOf(fileId)))).toEqual(needed);
  // Each file is referred to or queued, never both, and queued once.
  const queued = model.column('SELECT file_id FROM deletion_queue') as string[];
  expect([...new Set(references), ...queued].sort()).toEqual([...model.files].sort());
  // The counts are those of the rows, kept only above one.
  const counts = new Map<string, number>();
  for (const fileId of references) counts.set(fileId, (counts.get(fileId) ?? 0) + 1);
  expect(
    model.column("SELECT file_id || '=' || reference_count FROM shared_files ORDER BY file_id"),
  ).toEqual([...counts].filter(([, count]) => count > 1).map((entry) => entry.join('=')));
  expect(model.walk(2)).toEqual(model.references(''));
}

const tables = [
  ...['objects', 'segments', 'object_parts', 'uploads', 'parts', 'part_segments'],
  ...['shared_files', 'replaced_files'],
];

function expectNothingLeft(model: Model): void {
  for (const id of uploadIds) model.run({ kind: 'abort', uploadId: id });
  model.run({ kind: 'delete', keys: [...keys] });
  checkInvariants(model);
  const left = tables.filter((table) => model.column(`SELECT 1 FROM ${table} LIMIT 1`).length > 0);
  expect(left).toEqual([]);
}

describe('references to files', () => {
  it('stay right through puts, copies, part copies, completes, deletes and aborts', () => {
    fc.assert(
      fc.property(commandLists, (commands) => {
        const model = new Model();
        for (const given of commands) {
          model.run(given);
          checkInvariants(model);
        }
        expectNothingLeft(model);
        model.runner.database.close();
      }),
      { numRuns: 100 },
    );
  }, 30_000);
});
