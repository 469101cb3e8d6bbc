import { closeSync, fsyncSync, linkSync, openSync, renameSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';

/** System errors of `link` that mean: not on this file system. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Makes the names of new directories durable, from the innermost to the outermost. */
export function syncNewDirectories(path: string, firstMade: string): void {
  for (let made = path; made.length >= firstMade.length; made = dirname(made)) {
    const fd = openSync(dirname(made), 'r');
    fsyncSync(fd);
    closeSync(fd);
  }
}

/** Moves a file without ever overwriting another: fails with EEXIST instead. */
export function moveWithoutOverwriting(from: string, to: string): void {
  try {
    linkSync(from, to);
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
