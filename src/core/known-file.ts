import type { Bucket, ObjectRecord } from '../object-index/records.ts';
import type { CoreServices } from './services.ts';

/** A key whose object is a file of its own. */
export interface FilePlace {
  readonly bucket: Bucket;
  readonly object: ObjectRecord;
}

/**
 * - `unnamed`: nothing that people know by that ID; it may be part of an object, or nobody's.
 * - `named`: the objects in `places` are that file now.
 * - `gone`: the objects that it was have been deleted or replaced, or are past their time.
 */
export interface KnownFile {
  readonly state: 'unnamed' | 'named' | 'gone';
  readonly places: readonly FilePlace[];
}

/**
 * What the index knows of a file by its ID, the oldest object first: others who copied it must not
 * decide how it is shown, or what is stored beside it. An object with other bytes, or older ones, is not what
 * the ID names any more: a file must not be read through its ID once it was deleted by its key.
 */
export async function findKnownFile(
  { index, now }: Pick<CoreServices, 'index' | 'now'>,
  fileId: string,
): Promise<KnownFile> {
  const [isQueued, named] = await Promise.all([
    index.isQueuedForDeletion(fileId),
    index.findNamedFile(fileId),
  ]);
  if (isQueued) return { state: 'gone', places: [] };
  if (named === null) return { state: 'unnamed', places: [] };
  const places: FilePlace[] = [];
  for (const { bucketId, key } of named.places) {
    const [bucket, object] = await Promise.all([
      index.findBucketById(bucketId),
      index.findObject(bucketId, key),
    ]);
    const isThatFile = object !== null && !object.isDeleteMarker && object.fileId === fileId;
    if (!bucket || !isThatFile) continue;
    if (object.expiresAtMs !== null && object.expiresAtMs <= now()) continue;
    places.push({ bucket, object });
  }
  places.sort((a, b) => a.object.id - b.object.id);
  return { state: places.length > 0 ? 'named' : 'gone', places };
}
