import { IndexError } from '../object-index/object-index.ts';
import { GatewayError } from './errors.ts';
import type { CoreServices } from './services.ts';
import { writeDurationMsMax } from './write-duration.ts';

/** Whether the transaction may be durable although it was reported as failed. */
export function mayHaveCommitted(error: unknown): boolean {
  if (error instanceof GatewayError) return false;
  return !(error instanceof IndexError) || error.mayBeCommitted;
}

/** The files of one write, from the moment that they exist until they are published or queued. */
export class StoredFiles {
  readonly #core: Pick<CoreServices, 'orphans' | 'logger' | 'now'>;
  readonly #startedMs: number;
  #fileIds: string[] = [];
  #state: 'storing' | 'kept' | 'discarded' = 'storing';

  constructor(core: Pick<CoreServices, 'orphans' | 'logger' | 'now'>) {
    this.#core = core;
    this.#startedMs = core.now();
  }

  add(fileId: string): void {
    if (this.#state === 'storing') this.#fileIds.push(fileId);
    // A storage server may answer after the write was given up.
    else if (this.#state === 'discarded') void this.#core.orphans.queue([fileId]);
  }

  /** Queues what was stored in vain: files that came out damaged or had to be moved. */
  async dropAllBut(used: readonly { readonly fileId: string }[]): Promise<void> {
    const usedIds = new Set(used.map(({ fileId }) => fileId));
    const strays = this.#fileIds.filter((fileId) => !usedIds.has(fileId));
    this.#fileIds = [...usedIds];
    await this.#core.orphans.queue(strays);
  }

  /**
   * To be called right before the files are published. Throws `RequestTimeout` when the write has
   * taken so long that its first files may pass for orphans.
   */
  requireRecent(): void {
    if (this.#state !== 'storing') return;
    if (this.#core.now() - this.#startedMs <= writeDurationMsMax) return;
    throw new GatewayError('RequestTimeout');
  }

  keep(): void {
    this.#state = 'kept';
  }

  /** For an outcome that nobody knows: a lost file is worse than one too many. */
  leave(reason: unknown): void {
    this.#state = 'kept';
    this.#core.logger.error(
      { err: reason, fileIds: this.#fileIds },
      'the index failed while files were published: they are left in place',
    );
  }

  /** Does nothing to files that are kept. */
  async discard(): Promise<void> {
    if (this.#state === 'kept') return;
    this.#state = 'discarded';
    await this.#core.orphans.queue(this.#fileIds);
  }
}
