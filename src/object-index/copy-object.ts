import { beginWrite } from './begin-write.ts';
import { shareFiles } from './file-references.ts';
import { nameCopy } from './named-files.ts';
import { dropContents, insertObject, type ObjectRow, toObjectRecord } from './object-rows.ts';
import { noSubresources } from './records.ts';
import { all, run, type Statements, type WriteContext } from './statements.ts';
import { deleteRows, findVersionRow } from './versions.ts';
import type { CopyObjectOutcome, CopyObjectRequest } from './write-requests.ts';

/** Works for a copy onto itself too: the files are shared before the old row releases them. */
export function* copyObject(
  context: WriteContext,
  request: CopyObjectRequest,
): Statements<CopyObjectOutcome> {
  const { source, destination } = request;
  const sourceRow = yield* findVersionRow(source.bucketId, source.key, source.versionId);
  const { sourceObjectId, sourceEtag = sourceRow?.etag } = request;
  if (sourceRow?.id !== sourceObjectId || sourceRow.etag !== sourceEtag) {
    return { outcome: 'source-changed' };
  }
  const { bucketId, key } = destination;
  const { condition } = request;
  const allowed = yield* beginWrite({ bucketId, key, size: sourceRow.size, condition });
  if (allowed.outcome !== 'allowed') return allowed;
  const { versioning, replaced } = allowed;

  yield* shareFiles(yield* filesOf(sourceRow));
  const record = toObjectRecord(sourceRow);
  yield* deleteRows(replaced);
  const stored = yield* insertObject(versioning, {
    ...record,
    ...(request.digests && { ...request.digests, partCount: null }),
    ...request.description,
    ...noSubresources,
    tags: record.tags,
    ...request.subresources,
    bucketId,
    key,
    ownerId: request.ownerId,
    lastModifiedMs: request.lastModifiedMs,
  });
  yield* copySegments(sourceRow, stored.id);
  yield* nameCopy(stored.fileId, stored);
  if (stored.partCount !== null) yield* copyParts(sourceRow, stored.id);
  yield* dropContents(context, replaced);
  return { outcome: 'stored', object: stored };
}

/** One entry for each reference that a copy adds. */
function* filesOf(row: ObjectRow): Statements<string[]> {
  if (row.file_id !== null) return [row.file_id];
  if (row.size === 0) return [];
  const segments = yield* all<{ file_id: string }>(
    'SELECT file_id FROM segments WHERE object_id = ? AND copy_number = 0',
    [row.id],
  );
  return segments.map((segment) => segment.file_id);
}

function* copySegments(source: ObjectRow, objectId: number): Statements<void> {
  if (source.file_id !== null || source.size === 0) return;
  yield* run(
    `INSERT INTO segments (object_id, copy_number, start_offset, size, file_id, file_offset)
      SELECT CAST(? AS BIGINT), copy_number, start_offset, size, file_id, file_offset
        FROM segments WHERE object_id = ? AND copy_number = 0`,
    [objectId, source.id],
  );
}

function* copyParts(source: ObjectRow, objectId: number): Statements<void> {
  yield* run(
    `INSERT INTO object_parts (object_id, part_number, start_offset, size, checksum_value)
      SELECT CAST(? AS BIGINT), part_number, start_offset, size, checksum_value
        FROM object_parts WHERE object_id = ?`,
    [objectId, source.id],
  );
}
