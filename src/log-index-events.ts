import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { IndexEvent } from './object-index/index-events.ts';
import type { Logger } from './support/logger.ts';

const MIB = 1024 * 1024;

/** A copy that was not written to for so long is none that is under way. */
const COPY_IDLE_MS = 60_000;

/**
 * Tells the operator what happens to the index, and what to do about it. Whoever copies it for a
 * backup in `backupDirectory`, or for a check, is known by the copy that grows.
 */
export function logIndexEvents(
  logger: Logger,
  path: string,
  backupDirectory: string,
): (event: IndexEvent) => void {
  return (event) => {
    if (event.kind === 'checkpoint-failed') {
      logger.error(
        { path, reason: event.message },
        'the write-ahead log of the index cannot be copied into its database, so it grows; it is tried again: look at the disk',
      );
      return;
    }
    const sizeMib = Math.round(event.sizeBytes / MIB);
    if (event.kind === 'log-freed') {
      logger.info({ path, sizeMib }, 'the write-ahead log of the index is small again');
      return;
    }
    const facts = { path, sizeMib, growingSeconds: Math.round(event.growingMs / 1000) };
    const copyPath = findCopyUnderWay(path, backupDirectory);
    if (copyPath !== null) {
      logger.info(
        { ...facts, copyPath },
        `the index is being copied to ${copyPath}, so its write-ahead log grows until that is done`,
      );
      return;
    }
    logger.warn(
      facts,
      `a program keeps reading ${path}, so its write-ahead log grows until that ends: find and end it (fuser ${path}), for example a sqlite3 shell with an open transaction or a copy that takes long`,
    );
  };
}

/** Other copies that a command makes are not known of, and told of as any program. */
function findCopyUnderWay(path: string, backupDirectory: string): string | null {
  const backups = namesIn(backupDirectory)
    .filter((name) => /^index-.*\.sqlite\.partial$/.test(name))
    .map((name) => join(backupDirectory, name));
  const paths = [...backups, `${path}.fsck.partial`];
  return paths.find((copyPath) => isBeingWritten(copyPath)) ?? null;
}

function isBeingWritten(copyPath: string): boolean {
  const modifiedAtMs = statSync(copyPath, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - modifiedAtMs < COPY_IDLE_MS;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // Without a directory for backups there is none.
    return [];
  }
}
