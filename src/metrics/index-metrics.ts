import { Counter, Gauge, type Registry } from 'prom-client';
import type { IndexMeasurements } from '../object-index/object-index.ts';

/** What the index does, and how large it is. */
export class IndexMetrics {
  readonly #waiting: Gauge;
  readonly #writes: Counter;
  readonly #batches: Counter;
  readonly #failures: Counter;
  readonly #size: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#waiting = new Gauge({
      name: 'fastdfs_s3_index_waiting',
      help: 'Requests that wait for a thread of the index.',
      labelNames: ['thread'],
      registers,
    });
    this.#writes = new Counter({
      name: 'fastdfs_s3_index_writes_total',
      help: 'Writes that the index has answered.',
      registers,
    });
    this.#batches = new Counter({
      name: 'fastdfs_s3_index_write_batches_total',
      help: 'Transactions that these writes shared.',
      registers,
    });
    this.#failures = new Counter({
      name: 'fastdfs_s3_index_write_failures_total',
      help: 'Writes that the index could not do.',
      labelNames: ['reason'],
      registers,
    });
    this.#size = new Gauge({
      name: 'fastdfs_s3_index_size_bytes',
      help: 'Size of the files of the index.',
      labelNames: ['file'],
      aggregator: 'first',
      registers,
    });
  }

  set(index: IndexMeasurements): void {
    this.#waiting.set({ thread: 'writer' }, index.writesWaiting);
    this.#waiting.set({ thread: 'reader' }, index.listingsWaiting);
    // The index counts; these only tell it on.
    for (const counter of [this.#writes, this.#batches, this.#failures]) counter.reset();
    this.#writes.inc(index.writeCount);
    this.#batches.inc(index.writeBatchCount);
    for (const [reason, count] of Object.entries(index.writeFailures)) {
      this.#failures.inc({ reason }, count);
    }
    this.#size.set({ file: 'database' }, index.databaseSizeBytes);
    this.#size.set({ file: 'log' }, index.logSizeBytes);
  }
}
