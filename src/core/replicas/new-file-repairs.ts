import type { FileCopy } from '../../blob-store/blob-store.ts';
import type { ReplicaCheck, ReplicaCheckKey } from '../../object-index/file-records.ts';
import type { CoreServices } from '../services.ts';
import { FileRepairer } from './file-repairer.ts';

/** Files that are stored anew at the same time, most of them waiting for their second copy. */
const REPAIRS_MAX = 500;

/** New files that are being stored anew, in the background of the looks at others. */
export class NewFileRepairs {
  readonly #core: CoreServices;
  readonly #repairer: FileRepairer;
  readonly #signal: AbortSignal;
  readonly #onResult: (kind: 'repaired' | 'repair-failed') => void;
  readonly #running = new Set<Promise<void>>();

  constructor(
    core: CoreServices,
    signal: AbortSignal,
    onResult: (kind: 'repaired' | 'repair-failed') => void,
  ) {
    this.#core = core;
    this.#repairer = new FileRepairer(core, { searchesIndex: true });
    this.#signal = signal;
    this.#onResult = onResult;
  }

  get freeCount(): number {
    return REPAIRS_MAX - this.#running.size;
  }

  /** Begins; `next` is the look that is due should this process end before the repair does. */
  start(check: ReplicaCheck, copies: readonly FileCopy[], next: ReplicaCheckKey): void {
    const repair = this.#repair(check, copies, next).catch((error: unknown) => {
      if (this.#signal.aborted) return;
      const facts = { err: error, fileId: check.fileId };
      this.#core.logger.error(facts, 'the repair of a file could not be noted');
    });
    this.#running.add(repair);
    void repair.then(() => this.#running.delete(repair));
  }

  /** Resolves when none runs. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async #repair(
    { fileId, bucketId, key }: ReplicaCheck,
    copies: readonly FileCopy[],
    next: ReplicaCheckKey,
  ): Promise<void> {
    const { index, logger } = this.#core;
    const locations = [{ bucketId, key }];
    const result = await this.#repairer.repair({ fileId, locations, signal: this.#signal });
    const facts = { fileId, bucketId, key, copies };
    if (result.outcome === 'failed') {
      this.#onResult('repair-failed');
      const { problem } = result;
      logger.warn({ ...facts, problem }, 'a file has one good copy and could not be stored anew');
      return;
    }
    if (result.outcome === 'repaired') {
      this.#onResult('repaired');
      const { newFileId, remainingCount } = result;
      const message = 'a file had one good copy and was stored anew';
      logger.warn({ ...facts, newFileId, remainingCount }, message);
      if (remainingCount > 0) return;
    }
    await index.finishReplicaChecks([next]);
  }
}
