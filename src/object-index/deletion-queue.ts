import type { DueDeletionsRequest } from './deletion-requests.ts';
import type {
  DeletionQueueState,
  FailingDeletion,
  PendingDeletion,
  PostponedDeletion,
} from './file-records.ts';
import type { QueuedOrphans } from './file-requests.ts';

/** Files that no key needs, waiting to be deleted. Part of `ObjectIndex`, whose promises hold. */
export interface DeletionQueue {
  /** For files of writes that failed after the bytes were stored. */
  queueDeletions(fileIds: readonly string[], notBeforeMs: number): Promise<void>;
  /**
   * For files that nothing referred to when `listUsedFiles` was asked, and that were old then; see
   * there. Those that something refers to now are left alone.
   */
  queueOrphans(fileIds: readonly string[], notBeforeMs: number): Promise<QueuedOrphans>;
  /** When this index was restored from a backup, in ms since 1970; null when it never was. */
  findRestoreTime(): Promise<number | null>;
  /** Whether nothing needs the file any more and it waits for its deletion. */
  isQueuedForDeletion(fileId: string): Promise<boolean>;
  /** Due or not, in the order that they were queued in: those with greater ids than `afterId`. */
  listQueuedFiles(
    afterId: number,
    limit: number,
  ): Promise<readonly Pick<PendingDeletion, 'id' | 'fileId'>[]>;
  /** Groups with files that may be deleted at that time. */
  listDueGroups(dueAtMs: number): Promise<readonly string[]>;
  /** One page of a group's due files, those that are due longest first. */
  listDueDeletions(request: DueDeletionsRequest): Promise<readonly PendingDeletion[]>;
  finishDeletions(ids: readonly number[]): Promise<void>;
  /** Gives the ids of those that are still queued; another process may have finished the rest. */
  postponeDeletions(postponed: readonly PostponedDeletion[]): Promise<ReadonlySet<number>>;
  countDeletions(): Promise<number>;
  /** By name of the group; groups without queued files are left out. */
  deletionQueueState(nowMs: number): Promise<readonly DeletionQueueState[]>;
  /** By group, then in the order they were queued in. */
  listFailingDeletions(limit: number): Promise<readonly FailingDeletion[]>;
  /** Forgets completed uploads, and tokens of renames, older than that. */
  forgetCompletedUploads(completedBeforeMs: number): Promise<void>;
}
