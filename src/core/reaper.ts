import type { BlobStore } from '../blob-store/blob-store.ts';
import { BackgroundLoop } from '../support/background-loop.ts';
import { deleteGroupFiles, type GroupDeletionsResult } from './group-deletions.ts';
import { GroupPauses, type PausedGroup } from './group-pauses.ts';
import { dropOldKeylessUploads } from './multipart/keyless-uploads.ts';
import type { FindOpenElsewhere } from './open-files.ts';
import type { CoreServices } from './services.ts';

export interface ReaperOptions {
  /** Deletions of one group that run at the same time. */
  readonly concurrencyMax?: number;
  /** Files of a group that are read from the queue at once. */
  readonly batchSizeMax?: number;
  /** Rest between two looks into the queue. */
  readonly intervalMs?: number;
  /** Finds files that other processes of this gateway read. */
  readonly findOpenElsewhere?: FindOpenElsewhere;
  /** Told of each run over a group's files that did something. */
  readonly onRun?: (groupName: string, result: GroupDeletionsResult) => void;
  /** Milliseconds of a clock that never jumps; replaced in tests. */
  readonly monotonicNow?: () => number;
}

/** How long a repeated CompleteMultipartUpload gets its first answer. */
const completedUploadsKeptMs = 86_400_000;
const forgetIntervalMs = 600_000;

interface ReaperServices
  extends Pick<CoreServices, 'index' | 'openFiles' | 'orphans' | 'logger' | 'now'> {
  readonly blobs: Pick<BlobStore, 'delete'>;
}

/**
 * Deletes files that no key needs, in the background, from the queue that the index keeps: what
 * is queued survives a restart. Groups are worked on side by side, each at its own pace, so one
 * that is slow or down does not hold up the others.
 */
export class Reaper {
  readonly #core: ReaperServices;
  readonly #concurrencyMax: number;
  readonly #batchSizeMax: number;
  readonly #findOpenElsewhere: FindOpenElsewhere | undefined;
  readonly #onRun: (groupName: string, result: GroupDeletionsResult) => void;
  readonly #pauses: GroupPauses;
  readonly #loop: BackgroundLoop;
  /** By group. */
  readonly #runs = new Map<string, Promise<void>>();
  #forgottenAtMs = Number.NEGATIVE_INFINITY;

  constructor(core: ReaperServices, options: ReaperOptions = {}) {
    this.#core = core;
    this.#loop = new BackgroundLoop(() => this.#look(), {
      intervalMs: options.intervalMs ?? 1000,
      onError: (err) =>
        core.logger.error({ err }, 'the queue of files to delete cannot be worked on'),
    });
    this.#concurrencyMax = options.concurrencyMax ?? 4;
    this.#batchSizeMax = options.batchSizeMax ?? 500;
    this.#findOpenElsewhere = options.findOpenElsewhere;
    this.#onRun = options.onRun ?? (() => {});
    this.#pauses = new GroupPauses(options.monotonicNow);
  }

  start(): void {
    this.#loop.start();
  }

  /** Ends the deletions that run; resolves when none does any more. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    await Promise.all(this.#runs.values());
  }

  /** Groups whose files wait because no server of theirs could be reached. */
  pausedGroups(): PausedGroup[] {
    return this.#pauses.list();
  }

  /** One look into the queue; resolves when all that it started has ended. */
  async runOnce(): Promise<void> {
    await this.#look();
    await Promise.all(this.#runs.values());
  }

  async #look(): Promise<void> {
    const { index, orphans, now } = this.#core;
    await orphans.flush();
    const nowMs = now();
    if (nowMs - this.#forgottenAtMs >= forgetIntervalMs) {
      this.#forgottenAtMs = nowMs;
      await index.forgetCompletedUploads(nowMs - completedUploadsKeptMs);
      await dropOldKeylessUploads({ index }, nowMs);
    }
    for (const groupName of await index.listDueGroups(nowMs)) {
      if (this.#runs.has(groupName) || this.#pauses.isPaused(groupName)) continue;
      const run = this.#deleteFilesOf(groupName, nowMs).finally(() => this.#runs.delete(groupName));
      this.#runs.set(groupName, run);
    }
  }

  /** Never rejects. */
  async #deleteFilesOf(groupName: string, dueAtMs: number): Promise<void> {
    try {
      const result = await deleteGroupFiles(this.#core, groupName, {
        dueAtMs,
        concurrencyMax: this.#concurrencyMax,
        batchSizeMax: this.#batchSizeMax,
        isProbing: this.#pauses.hasFailed(groupName),
        signal: this.#loop.signal,
        ...(this.#findOpenElsewhere && { findOpenElsewhere: this.#findOpenElsewhere }),
      });
      const wasReached = result.unreachable === null || result.deletedCount > 0;
      if (wasReached && !this.#loop.signal.aborted && this.#pauses.works(groupName)) {
        this.#core.logger.info({ groupName }, 'files of the group are deleted again');
      }
      if (result.unreachable !== null) this.#pause(groupName, result.unreachable);
      this.#onRun(groupName, result);
    } catch (error) {
      this.#pause(groupName, error);
    }
  }

  #pause(groupName: string, error: unknown): void {
    if (this.#loop.signal.aborted) return;
    const problem = error instanceof Error ? error.message : String(error);
    const pauseMs = this.#pauses.failed(groupName, problem);
    this.#core.logger.warn(
      { err: error, groupName, pauseMs },
      'files of the group cannot be deleted now; they stay queued',
    );
  }
}
