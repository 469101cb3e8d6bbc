import { Counter, type Registry } from 'prom-client';
import type { GroupDeletionsResult } from '../core/group-deletions.ts';

/** What becomes of the files that no key needs. */
export class DeletionMetrics {
  readonly #deletions: Counter;
  readonly #unreachable: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#deletions = new Counter({
      name: 'fastdfs_s3_deletions_total',
      help: 'Files that were deleted in the background, or refused to be.',
      labelNames: ['group', 'outcome'],
      registers,
    });
    this.#unreachable = new Counter({
      name: 'fastdfs_s3_deletion_runs_unreachable_total',
      help: 'Runs over the files of a group that ended because the group could not be reached.',
      labelNames: ['group'],
      registers,
    });
  }

  /** Counts one run over the files of a group. */
  count(group: string, { deletedCount, refusedCount, unreachable }: GroupDeletionsResult): void {
    this.#deletions.inc({ group, outcome: 'deleted' }, deletedCount);
    this.#deletions.inc({ group, outcome: 'refused' }, refusedCount);
    this.#unreachable.inc({ group }, unreachable === null ? 0 : 1);
  }
}
