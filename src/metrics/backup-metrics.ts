import { Counter, Gauge, type Registry } from 'prom-client';
import type { BackupEvent } from '../core/backup-schedule.ts';

/** Whether the index is backed up, when that was last, and what it took. */
export class BackupMetrics {
  readonly #interval: Gauge;
  readonly #lastSuccess: Gauge;
  readonly #size: Gauge;
  readonly #duration: Gauge;
  readonly #backups: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#interval = new Gauge({
      name: 'fastdfs_s3_backup_interval_seconds',
      help: 'Time between two backups of the index; 0 when the gateway makes none.',
      registers,
    });
    this.#lastSuccess = new Gauge({
      name: 'fastdfs_s3_backup_last_success_timestamp_seconds',
      help: 'When the newest backup of the index was begun; 0 before the first.',
      registers,
    });
    this.#size = new Gauge({
      name: 'fastdfs_s3_backup_size_bytes',
      help: 'Size of the newest backup of the index.',
      registers,
    });
    this.#duration = new Gauge({
      name: 'fastdfs_s3_backup_duration_seconds',
      help: 'Time that the last backup of the index took, verification included.',
      registers,
    });
    this.#backups = new Counter({
      name: 'fastdfs_s3_backups_total',
      help: 'Backups of the index that were made, or failed.',
      labelNames: ['outcome'],
      registers,
    });
  }

  /** Says that there is a schedule. */
  expect(intervalMs: number): void {
    this.#interval.set(intervalMs / 1_000);
    for (const outcome of ['made', 'failed']) this.#backups.inc({ outcome }, 0);
  }

  note(event: BackupEvent): void {
    if (event.kind !== 'found') this.#backups.inc({ outcome: event.kind });
    if (event.kind === 'failed') return;
    this.#lastSuccess.set(event.backup.timeMs / 1_000);
    this.#size.set(event.backup.sizeBytes);
    if (event.kind === 'made') this.#duration.set(event.durationMs / 1_000);
  }
}
