import type { MirrorFailure } from '../core/mirror/mirror-options.ts';
import type { MirrorState } from '../core/mirror/mirror-walk.ts';
import type { CommandOutput } from './command.ts';
import { renderBytes } from './sizes.ts';

/** Failures that the text names; JSON has them all. */
const namedMax = 20;

/** What a mirror has done, in all of its runs together. */
export function reportMirror(
  state: MirrorState,
  failures: readonly MirrorFailure[],
  { isContinued, isDryRun }: { readonly isContinued: boolean; readonly isDryRun: boolean },
): CommandOutput {
  const { cursor, phase, fileCount, isFinished, ...counts } = state;
  const lines = [
    ['looked at', `${fileCount}`],
    [isDryRun ? 'to copy' : 'copied', `${counts.copied}, ${renderBytes(counts.copiedBytes)}`],
    ['the same', `${counts.same}`],
    ['newer here', `${counts.newerHere}`],
    ['changed meanwhile', `${counts.changed}`],
    [isDryRun ? 'to delete' : 'deleted', `${counts.deleted}`],
    ['failed', `${counts.failed}`],
  ];
  const named = failures.slice(0, namedMax).map(({ key, problem }) => `  ${key}: ${problem}`);
  const left = failures.length - named.length;
  const text = [
    isDryRun ? 'Mirror, dry run: nothing was written' : `Mirror${isContinued ? ', continued' : ''}`,
    ...lines.map(([title = '', value = '']) => `  ${title.padEnd(19)}${value}`),
    ...(named.length > 0 ? ['Failures', ...named] : []),
    ...(left > 0 ? [`  and ${left} more`] : []),
    ...(isFinished ? [] : ['Interrupted: the same command goes on here.']),
  ];
  return {
    json: { isFinished, isContinued, isDryRun, objects: fileCount, ...counts, failures },
    text: text.join('\n'),
    failed: !isFinished || counts.failed > 0,
  };
}
