import type { CoreServices } from './services.ts';

/** Attempts to write the queue before the files are left to the log. */
const attemptsMax = 3;
const retryDelayMs = 200;

/**
 * Queues files that a failed write left behind for deletion. Never throws: the failure that
 * brought us here is the one to report. When the index cannot take them, the log names the files.
 */
export async function queueOrphans(
  core: Pick<CoreServices, 'index' | 'settings' | 'logger' | 'now'>,
  fileIds: readonly string[],
): Promise<void> {
  if (fileIds.length === 0) return;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await core.index.queueDeletions(fileIds, core.now() + core.settings.deleteDelayMs);
      return;
    } catch (error) {
      if (attempt === attemptsMax) {
        core.logger.error({ err: error, fileIds }, 'files of a failed write could not be queued');
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs));
    }
  }
}
