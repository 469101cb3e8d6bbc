import type { Config } from '../config.ts';
import { FindingLog } from '../core/fsck/findings.ts';
import { checkAndRepair } from '../core/fsck/repair-index.ts';
import { openServices } from '../gateway.ts';
import type { IndexCheck } from '../object-index/damage.ts';
import type { ObjectIndex } from '../object-index/object-index.ts';
import { Closers } from '../support/closers.ts';
import { createLogger } from '../support/logger.ts';
import { checkWithProgress } from './check-progress.ts';
import type { CommandOutput } from './command.ts';
import { UsageError } from './failures.ts';
import { type FsckResult, reportFsck } from './fsck-report.ts';
import { takeInterruption } from './interruption.ts';

export interface FsckIndexOptions {
  readonly repair?: boolean;
  /** Another index than the gateway's: a backup. */
  readonly index?: string;
}

const STANDARD_ERROR = 2;

/** What the tables of the index say, without asking FastDFS; the gateway may run beside it. */
export async function fsckIndex(config: Config, options: FsckIndexOptions): Promise<CommandOutput> {
  const { repair: repairs = false, index: path = config.indexPath } = options;
  if (repairs && options.index !== undefined) {
    throw new UsageError('--repair mends the index in use only; restore the backup first.');
  }
  const findings = new FindingLog();
  const interruption = takeInterruption();
  const { signal } = interruption;
  const closers = new Closers();
  let last: IndexCheck | null = null;
  try {
    // The index is opened to write only when its structure is known to be sound.
    const openIndex = once(() => openToRepair(config, closers));
    await checkAndRepair({
      check: async () => {
        last = await checkWithProgress(path, config.indexPath, signal);
        return last;
      },
      ...{ openIndex: repairs ? openIndex : null, findings, signal },
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    interruption.release();
    await closers.closeAll();
  }
  return reportFsck(toResult(last, findings, { repairs, isFinished: !signal.aborted }));
}

async function openToRepair(config: Config, closers: Closers): Promise<ObjectIndex> {
  const services = await openServices(config, createLogger('error', { fd: STANDARD_ERROR }));
  closers.add(() => services.close());
  return services.core.index;
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | null = null;
  return () => {
    opened ??= open();
    return opened;
  };
}

function toResult(
  check: IndexCheck | null,
  findings: FindingLog,
  facts: Pick<FsckResult, 'repairs' | 'isFinished'>,
): FsckResult {
  const isDamaged = check?.isSound === false;
  return {
    ...facts,
    findings,
    checked: Object.entries(check?.rowCounts ?? {}),
    bucketNames: new Map(check?.bucketNames),
    notes: isDamaged ? ['The tables were not looked at: what they say is worth nothing.'] : [],
  };
}
