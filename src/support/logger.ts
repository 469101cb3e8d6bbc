import { type Logger as PinoLogger, pino } from 'pino';

/** Structured log: one JSON object a line, on standard output. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LoggerOptions {
  readonly fd?: 1 | 2;
  /** Whether other processes write to the same output. */
  readonly isShared?: boolean;
  /** Stands in every line. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Lines are gathered to this many bytes before they are written … */
const WRITE_SIZE_MIN = 4096;
/** … or for this long, so that whoever watches the log sees it at once. */
const FLUSH_INTERVAL_MS = 100;
/** Lines beyond this many bytes that nobody takes are dropped. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;
/**
 * Bytes of whole lines in one write to an output that is shared. So many (PIPE_BUF) go into a pipe
 * in one piece, however full it is; more could be torn apart by the lines of another process.
 */
const SHARED_WRITE_SIZE_MAX = 4096;

/**
 * Writes behind the back of requests, many lines at a time: a log that nobody reads for a while must
 * not hold up the event loop. What is gathered is written when the process exits; `kill -9` can
 * lose the last 100 ms of it.
 */
export function createLogger(level: LogLevel, options: LoggerOptions = {}): PinoLogger {
  const { fd = 1, isShared = false, facts = null } = options;
  const destination = pino.destination({
    fd,
    sync: false,
    minLength: isShared ? SHARED_WRITE_SIZE_MAX / 2 : WRITE_SIZE_MIN,
    maxLength: WAITING_BYTES_MAX,
    periodicFlush: FLUSH_INTERVAL_MS,
    ...(isShared && { maxWrite: SHARED_WRITE_SIZE_MAX }),
  });
  process.once('exit', () => destination.flushSync());
  return pino({ level, base: facts, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}
