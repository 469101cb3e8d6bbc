import { closeSync, linkSync, openSync, renameSync, unlinkSync } from 'node:fs';

/** System errors of `link` that mean: not on this file system. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Moves a file without ever overwriting another: fails with EEXIST. Tests replace `link`. */
export function moveWithoutOverwriting(from: string, to: string, link = linkSync): void {
  try {
    link(from, to);
  } catch (error) {
    if (!noLinks.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    // A file system without links: reserve the name, then put the file in its place.
    closeSync(openSync(to, 'wx'));
    try {
      renameSync(from, to);
    } catch (renameError) {
      unlinkSync(to);
      throw renameError;
    }
    return;
  }
  unlinkSync(from);
}
