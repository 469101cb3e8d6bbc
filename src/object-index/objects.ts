import { beginWrite } from './begin-write.ts';
import { nameNewFiles } from './name-new-files.ts';
import {
  assertTiles,
  dropContents,
  insertObject,
  insertSegments,
  toObjectRecord,
  wholeFileOf,
} from './object-rows.ts';
import type { ObjectPart, ObjectRecord, Segment } from './records.ts';
import { queueReplicaChecks } from './replica-checks.ts';
import { all, get, type Statements, type WriteContext } from './statements.ts';
import { deleteRows, findVersionRow } from './versions.ts';
import type { NewObject, PutObjectOutcome, WriteCondition } from './write-requests.ts';

export function* putObject(
  context: WriteContext,
  object: NewObject,
  condition?: WriteCondition,
): Statements<PutObjectOutcome> {
  const { segments, isNamed: _, ...described } = object;
  const { bucketId, key, size } = object;
  assertTiles(segments, size);
  const allowed = yield* beginWrite({ bucketId, key, size, condition });
  if (allowed.outcome !== 'allowed') return allowed;
  const { versioning, replaced } = allowed;

  const fileId = wholeFileOf(segments);
  yield* deleteRows(replaced);
  const stored = yield* insertObject(versioning, { ...described, partCount: null, fileId });
  if (fileId === null) yield* insertSegments(stored.id, segments);
  yield* nameNewFiles(object);
  yield* queueReplicaChecks(context, object);
  yield* dropContents(context, replaced);
  return { outcome: 'stored', object: stored };
}

export function* findObject(
  bucketId: number,
  key: string,
  versionId: string | null = null,
): Statements<ObjectRecord | null> {
  const row = yield* findVersionRow(bucketId, key, versionId);
  return row ? toObjectRecord(row) : null;
}

/** Seeks to the segment that holds `fromOffset`, however many come before it. */
export function* listSegments(
  objectId: number,
  fromOffset: number,
  limit: number,
): Statements<readonly Segment[]> {
  const rows = yield* all<{
    readonly start_offset: number;
    readonly size: number;
    readonly file_id: string;
    readonly file_offset: number;
  }>(
    `SELECT start_offset, size, file_id, file_offset FROM segments
      WHERE object_id = ? AND copy_number = 0 AND start_offset >= COALESCE((
          SELECT MAX(start_offset) FROM segments
            WHERE object_id = ? AND copy_number = 0 AND start_offset <= ?), 0)
        AND start_offset + size > ?
      ORDER BY start_offset LIMIT ?`,
    [objectId, objectId, fromOffset, fromOffset, limit],
  );
  return rows.map((row) => ({
    startOffset: row.start_offset,
    size: row.size,
    fileId: row.file_id,
    fileOffset: row.file_offset,
  }));
}

interface ObjectPartRow {
  readonly part_number: number;
  readonly start_offset: number;
  readonly size: number;
  readonly checksum_value: string | null;
}

export function* findObjectPart(
  objectId: number,
  partNumber: number,
): Statements<ObjectPart | null> {
  const row = yield* get<ObjectPartRow>(
    `SELECT part_number, start_offset, size, checksum_value FROM object_parts
      WHERE object_id = ? AND part_number = ?`,
    [objectId, partNumber],
  );
  return row ? toObjectPart(row) : null;
}

export function* listObjectParts(
  objectId: number,
  afterPartNumber: number,
  limit: number,
): Statements<{ readonly parts: readonly ObjectPart[]; readonly isTruncated: boolean }> {
  if (limit === 0) return { parts: [], isTruncated: false };
  const rows = yield* all<ObjectPartRow>(
    `SELECT part_number, start_offset, size, checksum_value FROM object_parts
      WHERE object_id = ? AND part_number > ? ORDER BY part_number LIMIT ?`,
    [objectId, afterPartNumber, limit + 1],
  );
  return { parts: rows.slice(0, limit).map(toObjectPart), isTruncated: rows.length > limit };
}

function toObjectPart(row: ObjectPartRow): ObjectPart {
  return {
    partNumber: row.part_number,
    startOffset: row.start_offset,
    size: row.size,
    checksumValue: row.checksum_value,
  };
}
