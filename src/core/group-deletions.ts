import { setMaxListeners } from 'node:events';
import { type BlobStore, BlobStoreError } from '../blob-store/blob-store.ts';
import type { PendingDeletion } from '../object-index/file-records.ts';
import type { FindOpenElsewhere } from './open-files.ts';
import type { CoreServices } from './services.ts';

/** A file that was refused is tried again after this time, twice that the next time … */
const retryDelayMsMin = 1_000;
/** … and at last once in this time. */
const retryDelayMsMax = 3_600_000;
/** A file that is being read is looked at again after this time. */
const openFileDelayMs = 30_000;

export interface DeletingServices
  extends Pick<CoreServices, 'index' | 'openFiles' | 'logger' | 'now'> {
  readonly blobs: Pick<BlobStore, 'delete'>;
}

export interface GroupDeletionsOptions {
  /** Files that are due at this time are deleted. */
  readonly dueAtMs: number;
  /** Deletions of the group that run at the same time. */
  readonly concurrencyMax: number;
  /** Files that are read from the queue, and taken off it, at once. */
  readonly batchSizeMax: number;
  /** One file alone finds out first whether the group can be reached. */
  readonly isProbing: boolean;
  readonly signal: AbortSignal;
  /** Asked before each batch, when other processes of this gateway read files. */
  readonly findOpenElsewhere?: FindOpenElsewhere;
  /** Told of files that are done or refused, after each batch. */
  readonly onProgress?: (fileCount: number) => void;
}

interface RefusedDeletion {
  readonly fileId: string;
  readonly problem: string;
}

export interface GroupDeletionsResult {
  deletedCount: number;
  refusedCount: number;
  /** Left in place because somebody reads them. */
  openCount: number;
  /** The first of the refused ones. */
  refused: RefusedDeletion | null;
  /** Why the rest was left alone; null when the end was reached. */
  unreachable: Error | null;
}

/**
 * Deletes the due files of one group, until none is left, the group cannot be reached or the signal
 * is aborted. Files that are refused are put off, each for longer at every attempt; an unreachable
 * group costs no write. Rejects with `IndexError`, and as `findOpenElsewhere` does.
 *
 * Another process may do the same at the same time: a deletion that it has finished counts as done.
 */
export async function deleteGroupFiles(
  core: DeletingServices,
  groupName: string,
  options: GroupDeletionsOptions,
): Promise<GroupDeletionsResult> {
  const { dueAtMs, signal } = options;
  // Every deletion of every group listens.
  setMaxListeners(0, signal);
  const total: GroupDeletionsResult = {
    deletedCount: 0,
    refusedCount: 0,
    openCount: 0,
    refused: null,
    unreachable: null,
  };
  /** Put off to a time that may still be before `dueAtMs`. */
  const seen = new Set<number>();
  let limit = options.isProbing ? 1 : options.batchSizeMax;
  for (let after: PendingDeletion | null = null; !signal.aborted; limit = options.batchSizeMax) {
    const page: readonly PendingDeletion[] = await core.index.listDueDeletions({
      groupName,
      dueAtMs,
      after,
      limit,
    });
    const batch = page.filter(({ id }) => !seen.has(id));
    await new DeletionBatch(core, groupName, options, total, seen).run(batch);
    after = page.at(-1) ?? null;
    if (page.length < limit || total.unreachable !== null) break;
  }
  return total;
}

class DeletionBatch {
  readonly #core: DeletingServices;
  readonly #groupName: string;
  readonly #options: GroupDeletionsOptions;
  readonly #total: GroupDeletionsResult;
  readonly #seen: Set<number>;
  #openElsewhere: ReadonlySet<string> = new Set();
  readonly #finished: number[] = [];
  readonly #open: PendingDeletion[] = [];
  readonly #refused: { readonly deletion: PendingDeletion; readonly error: unknown }[] = [];

  constructor(
    core: DeletingServices,
    groupName: string,
    options: GroupDeletionsOptions,
    total: GroupDeletionsResult,
    seen: Set<number>,
  ) {
    this.#core = core;
    this.#groupName = groupName;
    this.#options = options;
    this.#total = total;
    this.#seen = seen;
  }

  async run(batch: readonly PendingDeletion[]): Promise<void> {
    if (batch.length > 0) await this.#askElsewhere(batch);
    // The workers share one iterator: each takes the next that none has taken.
    const waiting = batch[Symbol.iterator]();
    const count = Math.min(this.#options.concurrencyMax, batch.length);
    await Promise.all(Array.from({ length: count }, () => this.#work(waiting)));
    const { index } = this.#core;
    if (this.#finished.length > 0) await index.finishDeletions(this.#finished);
    this.#total.deletedCount += this.#finished.length;
    await this.#postpone();
    const handled = this.#finished.length + this.#refused.length + this.#open.length;
    if (handled > 0) this.#options.onProgress?.(handled);
  }

  async #askElsewhere(batch: readonly PendingDeletion[]): Promise<void> {
    const { findOpenElsewhere } = this.#options;
    if (!findOpenElsewhere) return;
    this.#openElsewhere = await findOpenElsewhere(batch.map(({ fileId }) => fileId));
  }

  #isOpen(fileId: string): boolean {
    return this.#openElsewhere.has(fileId) || this.#core.openFiles.isOpen(fileId);
  }

  async #work(waiting: Iterable<PendingDeletion>): Promise<void> {
    const { signal } = this.#options;
    for (const deletion of waiting) {
      if (signal.aborted || this.#total.unreachable !== null) return;
      if (this.#isOpen(deletion.fileId)) this.#open.push(deletion);
      else await this.#delete(deletion);
    }
  }

  async #delete(deletion: PendingDeletion): Promise<void> {
    const { signal } = this.#options;
    try {
      await this.#core.blobs.delete(deletion.fileId, { signal });
      this.#finished.push(deletion.id);
    } catch (error) {
      // Deletions cut off by a stop stay in the queue as they are.
      if (signal.aborted) return;
      if (error instanceof BlobStoreError && error.reason === 'unavailable') {
        this.#total.unreachable ??= error;
      } else {
        this.#refused.push({ deletion, error });
      }
    }
  }

  async #postpone(): Promise<void> {
    const nowMs = this.#core.now();
    const open = this.#open.map(({ id }) => ({
      id,
      notBeforeMs: nowMs + openFileDelayMs,
      problem: null,
    }));
    const refused = this.#refused.map(({ deletion, error }) => ({
      id: deletion.id,
      notBeforeMs: nowMs + retryDelayMs(deletion),
      problem: problemOf(error),
    }));
    const postponed = [...open, ...refused];
    if (postponed.length === 0) return;
    const waiting = await this.#core.index.postponeDeletions(postponed);
    for (const { id } of postponed) this.#seen.add(id);
    this.#total.openCount += open.filter(({ id }) => waiting.has(id)).length;
    // Another process may have deleted them, for example at the replica that was asked here.
    const [first, ...others] = this.#refused.filter(({ deletion }) => waiting.has(deletion.id));
    this.#total.deletedCount += postponed.length - waiting.size;
    if (!first) return;
    this.#total.refusedCount += 1 + others.length;
    this.#total.refused ??= { fileId: first.deletion.fileId, problem: problemOf(first.error) };
    // One line a batch: while a disk is broken, all of them fail.
    this.#core.logger.warn(
      {
        err: first.error,
        fileId: first.deletion.fileId,
        groupName: this.#groupName,
        refusedCount: 1 + others.length,
      },
      'files could not be deleted and will be tried again',
    );
  }
}

function retryDelayMs({ attempts }: PendingDeletion): number {
  return Math.min(retryDelayMsMin * 2 ** Math.min(attempts, 30), retryDelayMsMax);
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
