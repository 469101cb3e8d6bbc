import type { Config } from '../config.ts';
import { type RestoreReport, restore } from '../index-maintenance.ts';
import type { CommandOutput } from './command.ts';
import { openCopyProgress } from './copy-progress.ts';
import { takeInterruption } from './interruption.ts';
import { describeFit } from './master-key-fit.ts';
import { renderBytes, renderElapsed } from './sizes.ts';

/** Puts what is in a backup in the place of the index, which is kept beside it. */
export async function restoreBackup(config: Config, file: string): Promise<CommandOutput> {
  const interruption = takeInterruption();
  const progress = openCopyProgress();
  try {
    const report = await restore(config, file, { ...progress, signal: interruption.signal });
    return { json: report, text: renderReport(report, file) };
  } finally {
    progress.stop();
    interruption.release();
  }
}

function renderReport(report: RestoreReport, file: string): string {
  const { objects, buckets } = report.counts;
  const size = renderBytes(report.sizeBytes);
  const lines = [
    `${report.path} is what is in ${file} now: ${objects} objects in ${buckets} buckets, ${size}, schema ${report.schemaNumber}, in ${renderElapsed(report.durationMs)}.`,
    ...report.problems.map((problem) => `Found in it: ${problem}. Run fastdfs-s3 fsck.`),
  ];
  if (report.takenOffQueueCount > 0) {
    lines.push(
      `${report.takenOffQueueCount} files that are needed were queued for deletion and are no more. Run fastdfs-s3 fsck.`,
    );
  }
  if (report.keptPath !== null) {
    lines.push(`The index that was there is ${report.keptPath}; remove it when all is well.`);
  }
  return [...lines, ...describeFit(report.masterKey), ...keyAdvice(report), '', ...NEXT].join('\n');
}

function keyAdvice({ masterKey, masterKeyPath }: RestoreReport): string[] {
  if (masterKey === 'all' || masterKey === 'none') return [];
  return [
    masterKeyPath === null
      ? 'Set GATEWAY_MASTER_KEY to the key that the index had, before the gateway starts.'
      : `Put the key that the index had into ${masterKeyPath}, before the gateway starts.`,
  ];
}

const NEXT = [
  'Next: start the gateway, then look for what has changed since the backup was made:',
  '  fastdfs-s3 fsck --data              objects whose files have been deleted since',
  '  fastdfs-s3 fsck --orphans LISTING   files that were stored since and have no key now',
  'Do not add --repair to the second one before you are sure that nobody needs those files.',
];
