import { join } from 'node:path';
import type { Config } from './config.ts';
import type { DataDirectory } from './data-directory.ts';
import { takeFileLock } from './object-index/file-lock.ts';
import type { Closers } from './support/closers.ts';

/**
 * Takes the locks of the one process that serves from a data directory, or that works on its index
 * while nobody serves; `closers` get what releases them. Gives the path of the lock that another
 * process has; null when all were taken.
 */
export function takeServingLocks(
  config: Config,
  directory: DataDirectory,
  closers: Closers,
): string | null {
  const paths = [directory.lockPath];
  // Two data directories may name one index.
  if (config.indexPath !== join(config.dataDir, 'index.sqlite')) {
    paths.push(`${config.indexPath}.lock`);
  }
  for (const path of paths) {
    const lock = takeFileLock(path);
    if (!lock) return path;
    closers.add(() => lock.release());
  }
  return null;
}
