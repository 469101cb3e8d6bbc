import type { Logger } from './logger.ts';

/** State after an error that nobody expected is unknown: a new process is safer than going on. */
export function endOnUncaughtErrors(logger: Logger): void {
  process.on('uncaughtException', (error) => endProcess(logger, error));
  process.on('unhandledRejection', (reason) => endProcess(logger, reason));
}

/** Ends this process at once; the log says why. */
export function endProcess(logger: Logger, error: unknown, exitCode = 1): never {
  logger.fatal({ err: error }, 'the gateway cannot go on');
  process.exit(exitCode);
}
