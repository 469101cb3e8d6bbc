import { checkIndexFile } from '../check-index.ts';
import type { Config } from '../config.ts';
import { FindingLog } from '../core/fsck/findings.ts';
import type { CommandOutput } from './command.ts';
import { reportFsck } from './fsck-report.ts';
import { takeInterruption } from './interruption.ts';

export interface FsckIndexOptions {
  readonly repair?: boolean;
  /** Another index than the gateway's: a backup. */
  readonly index?: string;
}

/** What the tables of the index say, without asking FastDFS. */
export async function fsckIndex(config: Config, options: FsckIndexOptions): Promise<CommandOutput> {
  const findings = new FindingLog();
  const interruption = takeInterruption();
  let isFinished = false;
  try {
    const listener = {
      found: (damage: {
        kind: string;
        severity: 'severe' | 'error' | 'warning';
        place: object;
        problem: string;
      }) => findings.add({ ...damage, where: damage.place, repair: 'impossible' }),
      advance: () => {},
    };
    await checkIndexFile(options.index ?? config.indexPath, config.indexPath, listener, {
      signal: interruption.signal,
      onProgress: () => {},
    });
    isFinished = true;
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
  } finally {
    interruption.release();
  }
  return reportFsck({
    ...{ isFinished, findings, notes: [], checked: [] },
    ...{ bucketNames: new Map(), repairs: options.repair ?? false },
  });
}
