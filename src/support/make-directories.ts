import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a directory and those above it that are missing, all of them durable: what is synced in a
 * directory is lost with it when the directory's own name never reached the disk. `mode` is for
 * new ones.
 */
export function makeDirectories(path: string, mode = 0o777): void {
  const firstMade = mkdirSync(path, { recursive: true, mode });
  if (firstMade === undefined) return;
  const outermost = resolve(firstMade);
  for (let made = resolve(path); made.length >= outermost.length; made = dirname(made)) {
    syncDirectory(dirname(made));
  }
}

/** Makes the names in a directory durable. */
export function syncDirectory(path: string): void {
  // Windows cannot open directories.
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
