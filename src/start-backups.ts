import type { Config } from './config.ts';
import { BackupSchedule } from './core/backup-schedule.ts';
import type { CoreServices } from './core/services.ts';
import type { BackupMetrics } from './metrics/backup-metrics.ts';
import { IndexBackupFiles } from './object-index/index-backups.ts';
import type { Closers } from './support/closers.ts';

/** Enough of the root user's random id to tell indexes apart. */
const INDEX_ID_LENGTH = 8;

/** Begins to back up the index at its times, unless that is off. Needs the root user. */
export async function startBackups(
  { indexPath, backup: { intervalMs, directory, keepCount } }: Config,
  services: {
    readonly core: Pick<CoreServices, 'index' | 'logger'>;
    readonly metrics: BackupMetrics;
    readonly closers: Closers;
  },
): Promise<void> {
  const { core, metrics, closers } = services;
  const root = (await core.index.listUsers()).find(({ isRoot }) => isRoot);
  if (intervalMs === null || !root) return;
  const indexId = root.id.slice(0, INDEX_ID_LENGTH);
  const schedule = new BackupSchedule({
    backups: new IndexBackupFiles({ indexPath, directory, indexId, keepCount }),
    intervalMs,
    logger: core.logger,
    onEvent: (event) => metrics.note(event),
  });
  metrics.expect(intervalMs);
  schedule.start();
  closers.add(() => schedule.stop());
}
