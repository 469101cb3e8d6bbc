import type { ExpiredObject } from '../../object-index/deletion-requests.ts';
import { BackgroundLoop } from '../../support/background-loop.ts';
import type { CoreServices } from '../services.ts';

export interface ExpirySweeperOptions {
  /** Rest between two looks, and how late an object may go that has just got a time that is past. */
  readonly intervalMs?: number;
  /** Objects of one transaction, which other writes wait for. */
  readonly batchSizeMax?: number;
  /** Told of what was deleted. */
  readonly onExpired?: (objects: readonly ExpiredObject[]) => void;
}

/**
 * Deletes objects whose time has come, in the background: as DeleteObject would, so that buckets with
 * versions get a delete marker, and object lock holds. One process of a gateway does it for all.
 */
export class ExpirySweeper {
  readonly #core: Pick<CoreServices, 'index' | 'logger' | 'now'>;
  readonly #batchSizeMax: number;
  readonly #onExpired: (objects: readonly ExpiredObject[]) => void;
  readonly #loop: BackgroundLoop;

  constructor(
    core: Pick<CoreServices, 'index' | 'logger' | 'now'>,
    { intervalMs = 10_000, batchSizeMax = 200, onExpired = () => {} }: ExpirySweeperOptions = {},
  ) {
    this.#core = core;
    this.#loop = new BackgroundLoop(() => this.sweep(), {
      intervalMs,
      onError: (err) => core.logger.error({ err }, 'objects whose time has come cannot be deleted'),
    });
    this.#batchSizeMax = batchSizeMax;
    this.#onExpired = onExpired;
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** Deletes all that is due. Rejects when the index fails. */
  async sweep(): Promise<void> {
    const { index, now, logger } = this.#core;
    let count = 0;
    for (let before: number | null = null; !this.#loop.signal.aborted; ) {
      const due = await index.findNextExpiry();
      if (due === null || due > now()) break;
      const expired = await index.expireObjects(this.#batchSizeMax);
      this.#onExpired(expired);
      count += expired.length;
      // What stays due though nothing happens is looked at again after the rest.
      if (expired.length === 0 && due === before) break;
      before = due;
    }
    if (count > 0) logger.info({ objects: count }, 'objects whose time had come were deleted');
  }
}
