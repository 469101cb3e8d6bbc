import type { IndexEvent } from './object-index/index-events.ts';
import type { Logger } from './support/logger.ts';

const MIB = 1024 * 1024;

/** Tells the operator what happens to the index, and what to do about it. */
export function logIndexEvents(logger: Logger, path: string): (event: IndexEvent) => void {
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
    logger.warn(
      { path, sizeMib, growingSeconds: Math.round(event.growingMs / 1000) },
      `a program keeps reading ${path}, so its write-ahead log grows until that ends: find and end it (fuser ${path}), for example a sqlite3 shell with an open transaction or a copy that takes long`,
    );
  };
}
