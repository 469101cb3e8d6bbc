import type { Damage, RepairOutcome } from './damage.ts';
import type { DeletionQueue } from './deletion-queue.ts';
import type { IndexedBuckets } from './indexed-buckets.ts';
import type { IndexedFiles } from './indexed-files.ts';
import type { IndexedObjects } from './indexed-objects.ts';
import type { IndexedUploads } from './indexed-uploads.ts';
import type { IndexedUsers } from './indexed-users.ts';

/**
 * Buckets, keys, uploads, users and files to delete.
 *
 * Each method is one transaction. A write that resolved is durable on disk, and every later read
 * sees it. A file that loses its last reference is queued for deletion in the same transaction.
 * Keys order by their UTF-8 bytes. No text may hold U+0000, which PostgreSQL has no place for: AWS
 * takes it in keys, but then no XML can tell of them, and the edges refuse it. Rejects with `IndexError` when the database fails.
 */
export interface ObjectIndex
  extends IndexedBuckets,
    IndexedObjects,
    IndexedUploads,
    DeletionQueue,
    IndexedFiles,
    IndexedUsers {
  /**
   * Mends what a check of the index found, each unless it is not as it was found any more. One
   * transaction: a hundred or so at a time.
   */
  repairDamages(damages: readonly Damage[]): Promise<readonly RepairOutcome[]>;

  /**
   * Resolves when a write was committed in the last seconds and none has failed since; else commits
   * a tiny one, which calls at the same time share. Rejects with `IndexError` when that fails.
   */
  verifyWritable(): Promise<void>;
  /** Cheap: no query is run. Never rejects. */
  measure(): Promise<IndexMeasurements>;

  close(): Promise<void>;
}

/** What an operator watches. Counts are since the start of this process. */
export interface IndexMeasurements {
  /** Writes, and listings, without an answer yet. */
  readonly writesWaiting: number;
  readonly listingsWaiting: number;
  /** Writes that were answered, and the transactions that they shared. */
  readonly writeCount: number;
  readonly writeBatchCount: number;
  readonly writeFailures: Readonly<Record<IndexErrorReason, number>>;
  /** 0 in memory. */
  readonly databaseSizeBytes: number;
  /** The write-ahead log. */
  readonly logSizeBytes: number;
}

/**
 * - `full`: the disk is full or its quota is used up.
 * - `overloaded`: the queue of waiting writes is full; worth a retry.
 * - `failed`: anything else the database says.
 */
export type IndexErrorReason = 'full' | 'overloaded' | 'failed';

export class IndexError extends Error {
  readonly reason: IndexErrorReason;
  /**
   * True when a write may be in the database although it failed (the answer to its COMMIT was
   * lost). Its files must not be deleted then: a key may need them.
   */
  readonly mayBeCommitted: boolean;

  constructor(
    reason: IndexErrorReason,
    message: string,
    options: { readonly cause?: unknown; readonly mayBeCommitted?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'IndexError';
    this.reason = reason;
    this.mayBeCommitted = options.mayBeCommitted ?? false;
  }
}
