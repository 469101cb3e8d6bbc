import { Gauge, type Registry } from 'prom-client';
import type { Spool } from '../core/spool/spool.ts';

/** Content that is held until it is complete. */
export class SpoolMetrics {
  readonly #bytes: Gauge;

  constructor(registry: Registry) {
    this.#bytes = new Gauge({
      name: 'fastdfs_s3_spool_bytes',
      help: 'Bytes of uploads of unknown length that are held, and that may be.',
      labelNames: ['kind'],
      registers: [registry],
    });
  }

  set({ usedBytes, sizeBytesMax }: Pick<Spool, 'usedBytes' | 'sizeBytesMax'>): void {
    this.#bytes.set({ kind: 'used' }, usedBytes);
    this.#bytes.set({ kind: 'limit' }, sizeBytesMax);
  }
}
