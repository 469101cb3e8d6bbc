import { type Logger as PinoLogger, pino } from 'pino';

/** Structured log: one JSON object a line, on standard output. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Lines are gathered to this many bytes before they are written … */
const WRITE_SIZE_MIN = 4096;
/** … or for this long, so that whoever watches the log sees it at once. */
const FLUSH_INTERVAL_MS = 100;
/** Lines beyond this many bytes that nobody takes are dropped. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Writes behind the back of requests, many lines at a time: a log that nobody reads for a while must
 * not hold up the event loop. What is gathered is written when the process exits; `kill -9` can
 * lose the last 100 ms of it.
 */
export function createLogger(level: LogLevel, fd: 1 | 2 = 1): PinoLogger {
  const destination = pino.destination({
    fd,
    sync: false,
    minLength: WRITE_SIZE_MIN,
    maxLength: WAITING_BYTES_MAX,
    periodicFlush: FLUSH_INTERVAL_MS,
  });
  process.once('exit', () => destination.flushSync());
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}
