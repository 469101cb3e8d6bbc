import { setTimeout } from 'node:timers/promises';
import type { Logger } from '../support/logger.ts';

/** A backup of the index that is whole. */
export interface BackupFile {
  readonly path: string;
  /** When it was begun: it has everything that was acknowledged before. */
  readonly timeMs: number;
  readonly sizeBytes: number;
}

/** A backup that was made just now. */
export interface NewBackup extends BackupFile {
  readonly objectCount: number;
  /** What is wrong in the index although it can be served; empty when nothing is. */
  readonly problems: readonly string[];
  /** Older ones that were removed, as many as are not to be kept. */
  readonly removedPaths: readonly string[];
}

/** Where backups of one index are. */
interface IndexBackups {
  /** The last one that was begun before that time; null when there is none. */
  findNewest(nowMs: number): Promise<BackupFile | null>;
  make(nowMs: number, signal: AbortSignal): Promise<NewBackup>;
}

export type BackupEvent =
  | { readonly kind: 'found'; readonly backup: BackupFile }
  | { readonly kind: 'made'; readonly backup: BackupFile; readonly durationMs: number }
  | { readonly kind: 'failed' };

export interface BackupScheduleOptions {
  readonly backups: IndexBackups;
  readonly intervalMs: number;
  readonly logger: Logger;
  readonly onEvent?: (event: BackupEvent) => void;
  readonly now?: () => number;
}

/** A start has other things to do, and a gateway that keeps falling over should not copy as well. */
const FIRST_DELAY_MS = 60_000;
/** After a failure; the reason may be gone soon. */
const RETRY_DELAY_MS = 5 * 60_000;
/** The clock may be set meanwhile, or backups be moved away. */
const LOOK_INTERVAL_MS_MAX = 10 * 60_000;

/**
 * Makes a backup whenever the newest one is as old as the interval, so that restarts neither put one
 * off nor add one. Never makes two at once.
 */
export class BackupSchedule {
  readonly #options: BackupScheduleOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #isKnown = false;

  constructor(options: BackupScheduleOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends a backup that is being made, which leaves nothing behind. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the gateway stops'));
    await this.#running;
  }

  /** Makes a backup if one is due; gives the time after which to look again. Never rejects. */
  async runOnce(): Promise<number> {
    const { backups, intervalMs, now = Date.now } = this.#options;
    try {
      const newest = await backups.findNewest(now());
      if (newest && !this.#isKnown) this.#tell({ kind: 'found', backup: newest });
      this.#isKnown = true;
      const dueInMs = newest ? newest.timeMs + intervalMs - now() : 0;
      if (dueInMs > 0) return Math.min(dueInMs, LOOK_INTERVAL_MS_MAX);
      await this.#make();
      return Math.min(intervalMs, LOOK_INTERVAL_MS_MAX);
    } catch (error) {
      if (this.#stopping.signal.aborted) return 0;
      this.#options.logger.error({ err: error }, 'the index could not be backed up');
      this.#tell({ kind: 'failed' });
      return Math.min(intervalMs, RETRY_DELAY_MS);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let delayMs = Math.min(this.#options.intervalMs, FIRST_DELAY_MS); !signal.aborted; ) {
      // Rejects when the signal is aborted, which is looked at next.
      await setTimeout(delayMs, undefined, { signal }).catch(() => {});
      if (!signal.aborted) delayMs = await this.runOnce();
    }
  }

  async #make(): Promise<void> {
    const { backups, logger, now = Date.now } = this.#options;
    const startedAtMs = performance.now();
    const backup = await backups.make(now(), this.#stopping.signal);
    const durationMs = Math.round(performance.now() - startedAtMs);
    const { path, sizeBytes, objectCount, problems, removedPaths } = backup;
    logger.info(
      { path, sizeBytes, objectCount, durationMs, removedPaths },
      'the index was backed up',
    );
    if (problems.length > 0) {
      logger.warn({ path, problems }, 'the index is damaged: run fastdfs-s3 fsck');
    }
    this.#tell({ kind: 'made', backup, durationMs });
  }

  #tell(event: BackupEvent): void {
    this.#options.onEvent?.(event);
  }
}
