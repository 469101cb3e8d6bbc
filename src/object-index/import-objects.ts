import { type BucketState, findBucketState } from './bucket-state.ts';
import { shareFiles } from './file-references.ts';
import type {
  ImportedObject,
  ImportObjectsOutcome,
  ImportObjectsRequest,
  ImportOutcome,
} from './file-requests.ts';
import { FileStates } from './import-file-states.ts';
import { addNames, nameCopy } from './named-files.ts';
import {
  assertTiles,
  dropContents,
  insertObjects,
  insertSegments,
  type ObjectRow,
  wholeFileOf,
} from './object-rows.ts';
import { listSegments } from './objects.ts';
import { allIn, run, type Statements, type WriteContext } from './statements.ts';
import { growthOf, refusedGrowth } from './usage.ts';
import { deleteRows, findReplacedVersion, findVersionRow } from './versions.ts';

/** An object that is to be written. */
interface Accepted {
  readonly object: ImportedObject;
  readonly replaced: ObjectRow | undefined;
  /** Files that something refers to already, one entry for each reference that comes. */
  readonly shared: readonly string[];
  /** Files that nothing has referred to so far. */
  readonly fresh: readonly string[];
}

const MD5_ETAG = /^[0-9a-f]{32}$/;

/**
 * Gives keys to files that the gateway did not store, many in one transaction. Reference counts are
 * exact: a file is either proved to be referred to, and shared, or nothing refers to it. What proves
 * the latter is told in `ObjectIndex`.
 */
export function* importObjects(
  context: WriteContext,
  request: ImportObjectsRequest,
): Statements<ImportObjectsOutcome> {
  const { bucketId, objects, overwrites, isDryRun = false } = request;
  for (const { segments, size } of objects) assertTiles(segments, size);
  const bucket = yield* findBucketState(bucketId);
  if (!bucket) return { outcome: 'no-such-bucket' };
  const taken = yield* takenKeys(bucketId, objects);
  const states = yield* FileStates.read(objects);
  const outcomes: ImportOutcome[] = [];
  const accepted: Accepted[] = [];
  for (const object of objects) {
    const current = taken.has(object.key) ? yield* findVersionRow(bucketId, object.key) : undefined;
    const known = current?.is_delete_marker === 0 ? current : undefined;
    const early = yield* judgeKnown(known, object, { overwrites, isDryRun });
    const failed = early ?? (yield* states.judge(object));
    outcomes.push(failed ?? (known ? 'overwritten' : 'imported'));
    if (failed) continue;
    const { versioning } = bucket;
    const replaced = yield* findReplacedVersion(versioning, bucketId, object.key, current);
    accepted.push({ object, replaced, ...states.take(object) });
  }
  const refused = yield* refusedGrowth(bucketId, bucket, growthOfAll(accepted));
  if (refused) return refused;
  if (!isDryRun) yield* write(context, bucketId, bucket, accepted);
  return { outcome: 'done', outcomes };
}

/** Keys with any version; in most imports there are none. */
function* takenKeys(
  bucketId: number,
  objects: readonly ImportedObject[],
): Statements<ReadonlySet<string>> {
  const rows = yield* allIn<{ readonly key: string }>(
    (list) => `SELECT key FROM objects WHERE bucket_id = ? AND key IN (${list})`,
    [bucketId],
    objects.map(({ key }) => key),
  );
  return new Set(rows.map(({ key }) => key));
}

/** What an object that has the key already makes of the import; null when it goes on. */
function* judgeKnown(
  current: ObjectRow | undefined,
  object: ImportedObject,
  { overwrites, isDryRun }: Pick<ImportObjectsRequest, 'overwrites' | 'isDryRun'>,
): Statements<ImportOutcome | null> {
  if (!current) return null;
  if (!(yield* hasFiles(current, object))) return overwrites ? null : 'conflict';
  if (MD5_ETAG.test(current.etag) || !MD5_ETAG.test(object.etag)) return 'present';
  if (current.part_count !== null) return 'present';
  if (!isDryRun) {
    yield* run('UPDATE objects SET etag = ? WHERE bucket_id = ? AND key = ? AND version_rank = ?', [
      object.etag,
      current.bucket_id,
      current.key,
      current.version_rank,
    ]);
  }
  return 'updated';
}

/** Whether an object consists of these very bytes of these files. */
function* hasFiles(row: ObjectRow, { size, segments }: ImportedObject): Statements<boolean> {
  if (row.size !== size) return false;
  if (row.file_id !== null) return wholeFileOf(segments) === row.file_id;
  const stored = yield* listSegments(row.id, 0, segments.length + 1);
  return (
    stored.length === segments.length &&
    stored.every(({ fileId, fileOffset, size: length }, index) => {
      const wanted = segments[index];
      return (
        fileId === wanted?.fileId && fileOffset === wanted.fileOffset && length === wanted.size
      );
    })
  );
}

function growthOfAll(accepted: readonly Accepted[]) {
  let objectCount = 0;
  let sizeBytes = 0;
  for (const { object, replaced } of accepted) {
    const growth = growthOf(object.size, replaced);
    objectCount += growth.objectCount;
    sizeBytes += growth.sizeBytes;
  }
  return { objectCount, sizeBytes };
}

function* write(
  context: WriteContext,
  bucketId: number,
  { versioning }: BucketState,
  accepted: readonly Accepted[],
): Statements<void> {
  const replaced = accepted.flatMap((one) => one.replaced ?? []);
  yield* deleteRows(replaced);
  yield* shareFiles(accepted.flatMap(({ shared }) => shared));
  const ids = yield* insertObjects(
    versioning,
    accepted.map(({ object: { uses: _, segments, ...object } }) => ({
      ...{ ...object, bucketId, partCount: null, fileId: wholeFileOf(segments) },
    })),
  );
  for (const [index, { object }] of accepted.entries()) {
    const isSegmented = wholeFileOf(object.segments) === null && object.size > 0;
    if (isSegmented) yield* insertSegments(ids[index] ?? 0, object.segments);
  }
  yield* addNames(
    accepted.flatMap(({ object: { key }, fresh }) =>
      fresh.map((fileId) => ({ fileId, bucketId, key, isImported: true })),
    ),
  );
  for (const { object, shared } of accepted) {
    if (shared.length > 0)
      yield* nameCopy(wholeFileOf(object.segments), { bucketId, key: object.key });
  }
  yield* dropContents(context, replaced);
}
