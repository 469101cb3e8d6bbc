import type { CoreServices } from '../services.ts';
import type { Purger } from './purger.ts';

const lookIntervalMs = 500;
const pageSize = 1_000;

/**
 * Tells a purger of every file that is to be deleted, whoever gave it up: another process, a
 * command, the end of an object's time. After a start it tells of all that still wait.
 */
export class QueuedFiles {
  readonly #core: Pick<CoreServices, 'index' | 'logger'>;
  readonly #purger: Purger;
  #afterId = 0;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(core: Pick<CoreServices, 'index' | 'logger'>, purger: Purger) {
    this.#core = core;
    this.#purger = purger;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.look().finally(() => {
        if (!this.#isStopped) this.start();
      });
    }, lookIntervalMs).unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Never rejects: what it could not see now, it sees the next time. */
  async look(): Promise<void> {
    try {
      while (this.#purger.hasRoom && !this.#isStopped) {
        const files = await this.#core.index.listQueuedFiles(this.#afterId, pageSize);
        for (const { id, fileId } of files) {
          this.#purger.purgeFile(fileId);
          this.#afterId = id;
        }
        if (files.length < pageSize) return;
      }
    } catch (error) {
      this.#core.logger.warn({ err: error }, 'files to purge could not be listed');
    }
  }
}
