import { Counter, type Registry } from 'prom-client';
import type { PurgeOutcome } from '../core/purge/purge-calls.ts';

/** Whether caches in front of the gateway forget what changed. */
export class PurgeMetrics {
  readonly #calls: Counter;

  constructor(registry: Registry) {
    this.#calls = new Counter({
      name: 'fastdfs_s3_purge_calls_total',
      help: 'URLs that caches were told to forget, by how that ended.',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  count(outcome: PurgeOutcome): void {
    this.#calls.inc({ outcome });
  }
}
