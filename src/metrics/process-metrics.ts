import { Counter, Gauge, type Registry } from 'prom-client';

/** The processes that serve S3. */
export class ProcessMetrics {
  readonly #ends: Counter;
  #countServing = () => 0;

  constructor(registry: Registry) {
    const registers = [registry];
    const countServing = () => this.#countServing();
    new Gauge({
      name: 'fastdfs_s3_serving_processes',
      help: 'Processes that serve S3 now.',
      aggregator: 'first',
      registers,
      collect() {
        this.set(countServing());
      },
    });
    this.#ends = new Counter({
      name: 'fastdfs_s3_worker_ends_total',
      help: 'Worker processes that ended while the gateway ran.',
      registers,
    });
  }

  watch(countServing: () => number): void {
    this.#countServing = countServing;
  }

  workerEnded(): void {
    this.#ends.inc();
  }
}
