import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { BackupMetrics } from '../../../src/metrics/backup-metrics.ts';

async function values(registry: Registry): Promise<string[]> {
  const text = await registry.metrics();
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

const backup = { path: '/backups/one', timeMs: 1_700_000_000_000, sizeBytes: 4096 };

it('says of a gateway without a schedule that it makes none', async () => {
  const registry = new Registry();
  new BackupMetrics(registry);
  expect(await values(registry)).toContain('fastdfs_s3_backup_interval_seconds 0');
});

it('knows the newest backup after a restart, and counts only those made since', async () => {
  const registry = new Registry();
  const metrics = new BackupMetrics(registry);
  metrics.expect(3_600_000);
  metrics.note({ kind: 'found', backup });
  expect(await values(registry)).toEqual([
    'fastdfs_s3_backup_interval_seconds 3600',
    'fastdfs_s3_backup_last_success_timestamp_seconds 1700000000',
    'fastdfs_s3_backup_size_bytes 4096',
    'fastdfs_s3_backup_duration_seconds 0',
    'fastdfs_s3_backups_total{outcome="made"} 0',
    'fastdfs_s3_backups_total{outcome="failed"} 0',
  ]);
});

it('keeps telling of the last success when one fails', async () => {
  const registry = new Registry();
  const metrics = new BackupMetrics(registry);
  metrics.expect(3_600_000);
  metrics.note({ kind: 'made', backup, durationMs: 2_500 });
  metrics.note({ kind: 'failed' });
  expect(await values(registry)).toEqual([
    'fastdfs_s3_backup_interval_seconds 3600',
    'fastdfs_s3_backup_last_success_timestamp_seconds 1700000000',
    'fastdfs_s3_backup_size_bytes 4096',
    'fastdfs_s3_backup_duration_seconds 2.5',
    'fastdfs_s3_backups_total{outcome="made"} 1',
    'fastdfs_s3_backups_total{outcome="failed"} 1',
  ]);
});
