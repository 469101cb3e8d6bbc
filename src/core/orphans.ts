import type { ObjectIndex } from '../object-index/object-index.ts';
import type { Logger } from '../support/logger.ts';

/** Files that wait for the index at a time; about 1 MiB. */
export const waitingOrphansMax = 10_000;
/** Files that are queued in one transaction. */
const flushedMax = 1_000;

export interface OrphansOptions {
  readonly index: Pick<ObjectIndex, 'queueDeletions'>;
  readonly logger: Logger;
  readonly now: () => number;
  /** A file is deleted after this time: a slow reader of a failed overwrite may still need it. */
  readonly deleteDelayMs: number;
}

/**
 * Files that failed writes left behind, on their way into the deletion queue. While the index
 * cannot take them, for a full disk or too many writes, they wait in memory.
 */
export class Orphans {
  readonly #options: OrphansOptions;
  #waiting: string[] = [];
  #flushing: Promise<void> | null = null;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** Files that wait for the index. */
  get count(): number {
    return this.#waiting.length;
  }

  /** Never rejects: the failure that brought us here is the one to report. */
  async queue(fileIds: readonly string[]): Promise<void> {
    if (fileIds.length === 0) return;
    const { logger } = this.#options;
    try {
      await this.#hand(fileIds);
    } catch (error) {
      const room = Math.max(0, waitingOrphansMax - this.#waiting.length);
      for (const fileId of fileIds.slice(0, room)) this.#waiting.push(fileId);
      // A process that is killed now forgets them, so the log names them in either case.
      logger.warn(
        { err: error, fileIds },
        'files of a failed write wait to be queued for deletion',
      );
      this.#tellDropped(fileIds.slice(room), error);
    }
  }

  /** Tries again with what waits. Never rejects. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  /** A last try before the index is closed; the log names what stays behind. */
  async close(): Promise<void> {
    await this.flush();
    this.#tellDropped(this.#waiting.splice(0), new Error('the gateway stops'));
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const fileIds = this.#waiting.slice(0, flushedMax);
      try {
        await this.#hand(fileIds);
      } catch {
        // What brought them here was logged, and the next flush tries again.
        return;
      }
      // Others may have come meanwhile, behind these.
      this.#waiting.splice(0, fileIds.length);
      this.#options.logger.info({ fileCount: fileIds.length }, 'files that waited are queued');
    }
  }

  #hand(fileIds: readonly string[]): Promise<void> {
    const { index, now, deleteDelayMs } = this.#options;
    return index.queueDeletions(fileIds, now() + deleteDelayMs);
  }

  #tellDropped(fileIds: readonly string[], error: unknown): void {
    if (fileIds.length === 0) return;
    this.#options.logger.error(
      { err: error, fileIds },
      'files of failed writes could not be queued: nothing deletes them any more',
    );
  }
}
