import type { Config } from '../config.ts';
import { type BackupReport, backUp } from '../index-maintenance.ts';
import type { CommandOutput } from './command.ts';
import { openCopyProgress } from './copy-progress.ts';
import { takeInterruption } from './interruption.ts';
import { describeFit } from './master-key-fit.ts';
import { renderBytes, renderElapsed } from './sizes.ts';

/** Copies the index into a file, verified, beside the running gateway. */
export async function backupIndex(
  config: Config,
  file: string,
  options: { readonly force?: boolean },
): Promise<CommandOutput> {
  const interruption = takeInterruption();
  const progress = openCopyProgress();
  try {
    const report = await backUp(config, file, {
      ...progress,
      replaces: options.force ?? false,
      signal: interruption.signal,
    });
    return { json: report, text: renderReport(report) };
  } finally {
    progress.stop();
    interruption.release();
  }
}

function renderReport(report: BackupReport): string {
  const { objects, buckets } = report.counts;
  const size = renderBytes(report.sizeBytes);
  const took = renderElapsed(report.durationMs);
  return [
    `${report.file}: ${objects} objects in ${buckets} buckets, ${size}, schema ${report.schemaNumber}, verified, in ${took}.`,
    ...report.problems.map((problem) => `Found in it: ${problem}. Run fastdfs-s3 fsck.`),
    `The secrets in it open only with ${masterKeyName(report)}: keep that too, in another place.`,
    ...describeFit(report.masterKey),
  ].join('\n');
}

const masterKeyName = ({ masterKeyPath }: BackupReport) =>
  masterKeyPath === null ? 'the value of GATEWAY_MASTER_KEY' : masterKeyPath;
