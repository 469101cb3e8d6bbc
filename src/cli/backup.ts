import type { Config } from '../config.ts';
import { type BackupReport, backUp, type MasterKeyFit } from '../index-maintenance.ts';
import type { CommandOutput } from './command.ts';
import { openCopyProgress } from './copy-progress.ts';
import { takeInterruption } from './interruption.ts';
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
    ...describeFit(report.masterKey).map((line) => `Warning: ${line}`),
  ].join('\n');
}

const masterKeyName = ({ masterKeyPath }: BackupReport) =>
  masterKeyPath === null ? 'the value of GATEWAY_MASTER_KEY' : masterKeyPath;

/** What is wrong with the master key, if anything is. */
function describeFit(fit: MasterKeyFit): string[] {
  if (fit === 'missing') return ['there is no master key here, and none of the secrets opens.'];
  if (fit === 'no') return ['the master key here opens none of the secrets in this index.'];
  if (fit === 'some') return ['the master key here opens only some of the secrets in this index.'];
  return [];
}
