import { shareFiles } from './file-references.ts';
import { addNames, findNamed } from './named-files.ts';
import { hasExtension, type SegmentContent } from './records.ts';
import { runIn, type Statements } from './statements.ts';

/** Where a new object refers to new files. */
interface NewFiles {
  readonly bucketId: number;
  readonly key: string;
  readonly segments: readonly SegmentContent[];
  readonly isNamed?: boolean;
}

/**
 * Notes the key of new files that are known by their IDs. One that was imported since it was
 * stored has its first reference already.
 */
export function* nameNewFiles(added: NewFiles): Statements<void> {
  const { bucketId, key, segments, isNamed = false } = added;
  const fileIds = segments
    .filter(({ fileId }) => isNamed || hasExtension(fileId))
    .map(({ fileId }) => fileId);
  if (fileIds.length === 0) return;
  const imported = [...(yield* findNamed(fileIds))];
  yield* shareFiles(imported);
  yield* runIn(
    (list) => `UPDATE named_files SET is_imported = 0 WHERE file_id IN (${list})`,
    [],
    imported,
  );
  yield* addNames(fileIds.map((fileId) => ({ fileId, bucketId, key, isImported: false })));
}
