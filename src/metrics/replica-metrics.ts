import { Counter, type Registry } from 'prom-client';
import type { ReplicaCheckResult } from '../core/replicas/replica-checker.ts';

/** Whether the replicas of new files come, and what is done when they do not. */
export class ReplicaMetrics {
  readonly #checks: Counter;
  readonly #repairs: Counter;
  readonly #lost: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#checks = new Counter({
      name: 'fastdfs_s3_replica_checks_total',
      help: 'Looks at the replicas of new files, by what was found.',
      labelNames: ['verdict'],
      registers,
    });
    this.#repairs = new Counter({
      name: 'fastdfs_s3_replica_repairs_total',
      help: 'New files with one good copy that were stored anew, or could not be.',
      labelNames: ['outcome'],
      registers,
    });
    this.#lost = new Counter({
      name: 'fastdfs_s3_lost_files_total',
      help: 'New files that are needed and that no storage server has.',
      registers,
    });
  }

  count(result: ReplicaCheckResult): void {
    if (result.kind === 'checked') this.#checks.inc({ verdict: result.verdict });
    else if (result.kind === 'lost') this.#lost.inc();
    else this.#repairs.inc({ outcome: result.kind === 'repaired' ? 'repaired' : 'failed' });
  }
}
