import type { Config } from '../config.ts';
import { compact } from '../index-maintenance.ts';
import type { CommandOutput } from './command.ts';
import { renderBytes, renderElapsed } from './sizes.ts';

/** Gives the unused pages of the index back to the file system. */
export async function compactTheIndex(config: Config): Promise<CommandOutput> {
  if (process.stderr.isTTY) process.stderr.write('Compacting …');
  try {
    const report = await compact(config);
    const [before, after] = [report.sizeBytesBefore, report.sizeBytes].map(renderBytes);
    const unused = renderBytes(report.unusedBytesBefore);
    return {
      json: report,
      text: `${report.path}: ${before}, of which ${unused} were unused, is ${after} now, verified, in ${renderElapsed(report.durationMs)}.`,
    };
  } finally {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  }
}
