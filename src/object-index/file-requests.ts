import type { FileReference } from './file-records.ts';
import type { NewObject, QuotaExceeded } from './write-requests.ts';

/** A key for files that are there already. */
export interface ImportedObject extends Omit<NewObject, 'bucketId' | 'isNamed'> {
  /**
   * For those of its files that something referred to when `locateFiles` looked: the keys whose
   * objects they were, none for other uses.
   */
  readonly uses: readonly {
    readonly fileId: string;
    readonly places: readonly { readonly bucketId: number; readonly key: string }[];
  }[];
}

export interface ImportObjectsRequest {
  readonly bucketId: number;
  /** Whether an object that is under a key already, and has other files, is replaced. */
  readonly overwrites: boolean;
  /** Tells what would become of the objects, and writes nothing. */
  readonly isDryRun?: boolean;
  /** Each key once. */
  readonly objects: readonly ImportedObject[];
}

/**
 * - `imported`: under a key that had no object. `overwritten`: in the place of another object.
 * - `present`: the key's object has these very files. `updated`: so it was, and its ETag, which was
 *   none of MD5, is the given one now.
 * - `conflict`: another object has the key.
 * - `queued`: a file waits for its deletion.
 * - `changed`: something referred to a file when `locateFiles` looked, and it cannot be found any
 *   more: it may be gone, or be somewhere else.
 */
export type ImportOutcome =
  | 'imported'
  | 'overwritten'
  | 'present'
  | 'updated'
  | 'conflict'
  | 'queued'
  | 'changed';

export type ImportObjectsOutcome =
  | QuotaExceeded
  | { readonly outcome: 'no-such-bucket' }
  /** For each object, in their order. */
  | { readonly outcome: 'done'; readonly outcomes: readonly ImportOutcome[] };

export interface ListFileReferencesRequest {
  /** Only objects and uploads of that bucket; of all when null. */
  readonly bucketId: number | null;
  /** `next` of the page before; null for the first one. Other text is an error. */
  readonly after: string | null;
  /** Rows that one page looks at; it may hold fewer references, or none. */
  readonly limit: number;
}

/**
 * Parts of uploads come before objects, because the one can become the other meanwhile. A reference
 * that is made or moved behind the cursor while somebody pages is not seen.
 */
export interface FileReferencesPage {
  readonly references: readonly FileReference[];
  readonly next: string | null;
}

/**
 * - `referenced`: some row refers to it.
 * - `queued`: nothing does, and it waits for its deletion.
 * - `unknown`: it was deleted long ago, or the one row that refers to it is an object under another
 *   key than the one given.
 */
export type FileUse = 'referenced' | 'queued' | 'unknown';

export interface QueuedOrphans {
  readonly queuedCount: number;
  /** Files that were left alone, because something refers to them or they are queued already. */
  readonly neededFileIds: readonly string[];
}

export interface RepointFileRequest {
  readonly oldFileId: string;
  /**
   * Holds the same bytes. It must be new, never referred to by anything, unless `findReplacement`
   * gives it for the old one.
   */
  readonly newFileId: string;
  /** Keys whose objects may refer to the old file. Parts and segments are found without. */
  readonly locations: readonly { readonly bucketId: number; readonly key: string }[];
}

/**
 * - `repointed`: objects under other keys still refer to the old file in `remainingCount` places.
 *   When that is not 0, `findReplacement` gives the new file from now on.
 * - `not-referenced`: no part, segment, or object at the locations refers to the old file.
 * - `replaced-already`: by another file than the given one.
 */
export type RepointFileOutcome =
  | {
      readonly outcome: 'repointed';
      readonly movedCount: number;
      readonly remainingCount: number;
    }
  | { readonly outcome: 'not-referenced' }
  | { readonly outcome: 'replaced-already'; readonly newFileId: string };
