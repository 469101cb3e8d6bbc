/** What the index holds of files on FastDFS, as values. Times are milliseconds since 1970, sizes are bytes. */

/** A file that people know by its ID. */
export interface NamedFile {
  readonly fileId: string;
  /** Whether it was there before the gateway referred to it. */
  readonly isImported: boolean;
  /**
   * Keys whose objects are, or were, this file: an object that is another one by now is not what the
   * ID names. A hundred at most.
   */
  readonly places: readonly { readonly bucketId: number; readonly key: string }[];
}

/** A file that no key needs, waiting to be deleted. */
export interface PendingDeletion {
  readonly id: number;
  readonly fileId: string;
  /** Failed attempts so far. */
  readonly attempts: number;
  /** When it is due, or was. */
  readonly notBeforeMs: number;
}

/** A file in the queue that is not to be deleted before some later time. */
export interface PostponedDeletion {
  readonly id: number;
  readonly notBeforeMs: number;
  /** Why the attempt failed that is to be counted; null when there was none. */
  readonly problem: string | null;
}

/** Files to delete in one group. */
export interface DeletionQueueState {
  readonly groupName: string;
  readonly queuedCount: number;
  /** Those of `queuedCount` that may be deleted by now. */
  readonly dueCount: number;
  /** Those of `queuedCount` that could not be deleted at some attempt. */
  readonly failingCount: number;
  readonly oldestQueuedAtMs: number;
}

/** A file that could not be deleted so far. */
export interface FailingDeletion {
  readonly fileId: string;
  readonly attempts: number;
  /** Null for files that failed before it was noted. */
  readonly problem: string | null;
  readonly queuedAtMs: number;
  /** When it is tried again. */
  readonly notBeforeMs: number;
}

/** Names a look that is to be taken; another due time makes another look of it. */
export interface ReplicaCheckKey {
  readonly fileId: string;
  readonly dueMs: number;
}

/** A new file whose replicas are to be looked for. It may have been dropped meanwhile. */
export interface ReplicaCheck extends ReplicaCheckKey {
  /** Where it was referred to when it was new. */
  readonly bucketId: number;
  readonly key: string;
  readonly storedAtMs: number;
  /** Looks so far after which it had to be looked for again. */
  readonly attempts: number;
}

/** The files of one group that wait for a look. */
export interface ReplicaCheckQueue {
  readonly groupName: string;
  readonly oldestDueMs: number;
}

/** A row that refers to a file. */
export interface FileReference {
  readonly fileId: string;
  readonly bucketId: number;
  /** Of the object, or of the upload that the part belongs to. */
  readonly key: string;
  /** Null for objects. */
  readonly uploadId: string | null;
  /** Bytes of the file that are needed, the first one counted from 0. */
  readonly fileOffset: number;
  readonly size: number;
  /** Whether these must be all bytes of the file. */
  readonly isWholeFile: boolean;
}
