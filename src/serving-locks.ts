import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.ts';
import { type DataDirectory, DataDirectoryError } from './data-directory.ts';
import { type FileLock, shareFileLock, takeFileLock } from './object-index/file-lock.ts';
import type { Closers } from './support/closers.ts';

/** What workers of a gateway that was killed may take to end. */
const WORKERS_WAIT_MS = 10_000;

/**
 * Takes the locks of the one gateway that serves from a data directory, or of the process that works
 * on its index while nobody serves; `closers` get what releases them. Worker processes that outlive
 * a gateway that was killed are waited for. Gives the path of the lock that another process has;
 * null when all were taken.
 */
export function takeServingLocks(
  config: Config,
  directory: DataDirectory,
  closers: Closers,
): string | null {
  const paths = lockPaths(config, directory);
  for (const path of paths) {
    const lock = takeFileLock(path);
    if (!lock) return path;
    closers.add(() => lock.release());
  }
  for (const path of paths.map(workersLockPath).filter((path) => existsSync(path))) {
    const lock = takeFileLock(path, WORKERS_WAIT_MS);
    if (!lock) return path;
    lock.release();
  }
  return null;
}

/**
 * Takes a worker's share of these locks until its process ends. They count only if the gateway that
 * started it is known to live afterwards. Throws `DataDirectoryError` while another one starts.
 */
export function shareServingLocks(config: Config, directory: DataDirectory): void {
  for (const path of lockPaths(config, directory).map(workersLockPath)) {
    const lock = shareFileLock(path);
    if (!lock) throw new DataDirectoryError(`Another gateway holds ${path}.`);
    shared.push(lock);
  }
}

/** Never released: one that nobody refers to would be closed with its connection. */
const shared: FileLock[] = [];

function lockPaths(config: Config, directory: DataDirectory): string[] {
  // Two data directories may name one index.
  const hasOwnIndex = config.indexPath === join(config.dataDir, 'index.sqlite');
  return [directory.lockPath, ...(hasOwnIndex ? [] : [`${config.indexPath}.lock`])];
}

const workersLockPath = (path: string) => `${path}.workers`;
