import { checkIndexFile } from '../check-index.ts';
import type { IndexCheck } from '../object-index/damage.ts';
import { openCopyProgress } from './copy-progress.ts';
import { openProgress, type Progress } from './progress.ts';

/** As `checkIndexFile`, with a bar for the copy and one for the check. */
export async function checkWithProgress(
  path: string,
  place: string,
  signal: AbortSignal,
): Promise<IndexCheck> {
  const copying = openCopyProgress();
  const checking: { bar: Progress | null; shown: number } = { bar: null, shown: 0 };
  try {
    return await checkIndexFile(path, place, {
      signal,
      onCopy: copying.onProgress,
      onCheck: (looked, total) => {
        copying.stop();
        checking.bar ??= openProgress('Checking (rows)', total);
        checking.bar.advance(looked - checking.shown);
        checking.shown = looked;
      },
    });
  } finally {
    copying.stop();
    checking.bar?.stop();
  }
}
