import type { PendingDeletion } from '../object-index/records.ts';
import type { CoreServices } from './services.ts';

export interface ReaperOptions {
  /** Deletions that run at the same time. */
  readonly concurrencyMax?: number;
  /** Deletions read from the queue at once. */
  readonly batchSizeMax?: number;
  /** Rest between two looks into an empty queue, and the first delay of a failed deletion. */
  readonly intervalMs?: number;
}

/** A file that cannot be deleted is tried again after at most this time. */
const retryDelayMsMax = 3_600_000;

/** How long a repeated CompleteMultipartUpload gets its first answer. */
const completedUploadsKeptMs = 86_400_000;
const forgetIntervalMs = 600_000;

type ReaperServices = Pick<CoreServices, 'index' | 'blobs' | 'logger' | 'now'>;

/**
 * Deletes files that no key needs, in the background, from the queue that the index keeps: what
 * is queued survives a restart, and a file whose deletion failed is tried again, ever more seldom.
 */
export class Reaper {
  readonly #core: ReaperServices;
  readonly #concurrencyMax: number;
  readonly #batchSizeMax: number;
  readonly #intervalMs: number;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #forgottenAtMs = Number.NEGATIVE_INFINITY;

  constructor(core: ReaperServices, options: ReaperOptions = {}) {
    this.#core = core;
    this.#concurrencyMax = options.concurrencyMax ?? 4;
    this.#batchSizeMax = options.batchSizeMax ?? 200;
    this.#intervalMs = options.intervalMs ?? 1000;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the deletions that run; resolves when none does any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Handles one batch of due deletions. Resolves to the number of them. */
  async runOnce(): Promise<number> {
    const nowMs = this.#core.now();
    if (nowMs - this.#forgottenAtMs >= forgetIntervalMs) {
      this.#forgottenAtMs = nowMs;
      await this.#core.index.forgetCompletedUploads(nowMs - completedUploadsKeptMs);
    }
    let handled = 0;
    for (const groupName of await this.#core.index.listDueGroups(nowMs)) {
      const due = await this.#core.index.listDueDeletions({
        groupName,
        dueAtMs: nowMs,
        after: null,
        limit: this.#batchSizeMax,
      });
      if (due.length > 0) await this.#deleteAll(due);
      handled += due.length;
    }
    return handled;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if ((await this.runOnce()) >= this.#batchSizeMax) continue;
      } catch (error) {
        this.#core.logger.error({ err: error }, 'the queue of files to delete cannot be worked on');
      }
      await rest(this.#intervalMs, signal);
    }
  }

  async #deleteAll(due: readonly PendingDeletion[]): Promise<void> {
    const { signal } = this.#stopping;
    const finished: number[] = [];
    const failed: { deletion: PendingDeletion; error: unknown }[] = [];
    const waiting = due[Symbol.iterator]();
    const worker = async () => {
      // The workers share one iterator: each takes the next that none has taken.
      for (const deletion of waiting) {
        if (signal.aborted) return;
        try {
          await this.#core.blobs.delete(deletion.fileId, { signal });
          finished.push(deletion.id);
        } catch (error) {
          failed.push({ deletion, error });
        }
      }
    };
    await Promise.all(Array.from({ length: this.#concurrencyMax }, worker));
    if (finished.length > 0) await this.#core.index.finishDeletions(finished);
    const [first] = failed;
    // Deletions cut off by a stop stay in the queue as they are.
    if (!first || signal.aborted) return;
    // One line a batch: while the cluster is down, all of them fail.
    this.#core.logger.warn(
      { err: first.error, fileId: first.deletion.fileId, failedCount: failed.length },
      'files could not be deleted and will be tried again',
    );
    await this.#core.index.postponeDeletions(
      failed.map(({ deletion, error }) => ({
        id: deletion.id,
        notBeforeMs: this.#retryAt(deletion),
        problem: error instanceof Error ? error.message : String(error),
      })),
    );
  }

  #retryAt({ attempts }: PendingDeletion): number {
    const delayMs = Math.min(this.#intervalMs * 2 ** Math.min(attempts, 30), retryDelayMsMax);
    return this.#core.now() + delayMs;
  }
}

/** Waits, but no longer than until the signal is aborted. */
async function rest(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, durationMs);
    signal.addEventListener('abort', wake);
  });
}
