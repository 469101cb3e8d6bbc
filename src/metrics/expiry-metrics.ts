import { Counter, type Registry } from 'prom-client';

/** Objects whose time had come. */
export class ExpiryMetrics {
  readonly #expired: Counter;

  constructor(registry: Registry) {
    this.#expired = new Counter({
      name: 'fastdfs_s3_expired_objects_total',
      help: 'Objects that were deleted because their time had come.',
      registers: [registry],
    });
  }

  count(objects: number): void {
    this.#expired.inc(objects);
  }
}
