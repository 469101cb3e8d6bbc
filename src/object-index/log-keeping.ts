import { Worker } from 'node:worker_threads';
import type { IndexEvent } from './index-events.ts';
import { LogCheckpointer } from './log-checkpointer.ts';
import { LOG_LIMITS } from './log-limits.ts';
import type { RestartRequest } from './write-ahead-log.ts';

/** How often the log is looked at, which costs some microseconds. */
export const LOOK_INTERVAL_MS = 250;
const THREAD_RESTART_DELAY_MS = 1_000;

/** Something that looks after the log of an index until it is closed. */
export interface LogKeeper {
  close(): Promise<void>;
}

/** Looks after the log on this thread: copying blocks it. For commands and tests. */
export function keepLogHere(
  path: string,
  request: RestartRequest,
  tell: (event: IndexEvent) => void,
): LogKeeper {
  const checkpointer = new LogCheckpointer(path, LOG_LIMITS, request, tell, performance.now());
  const timer = setInterval(() => checkpointer.look(performance.now()), LOOK_INTERVAL_MS);
  timer.unref();
  return {
    async close() {
      clearInterval(timer);
      checkpointer.close();
    },
  };
}

/** Looks after it on a thread of its own, which is started again when it dies. */
export function keepLogOnThread(
  path: string,
  request: RestartRequest,
  tell: (event: IndexEvent) => void,
): LogKeeper {
  const url = new URL('./log-checkpointer-worker.js', import.meta.url);
  let isClosing = false;
  let retry: NodeJS.Timeout | null = null;
  let exited: Promise<void> = Promise.resolve();
  let worker: Worker | null = null;
  const start = (): void => {
    const workerData = { path, request: request.buffer };
    const started = new Worker(url, { workerData, execArgv: [] });
    worker = started;
    started.on('message', tell);
    started.on('error', ({ message }) => tell({ kind: 'checkpoint-failed', message }));
    exited = new Promise((resolve) => {
      started.once('exit', () => {
        worker = null;
        if (!isClosing) retry = setTimeout(start, THREAD_RESTART_DELAY_MS).unref();
        resolve();
      });
    });
  };
  start();
  return {
    async close() {
      isClosing = true;
      if (retry) clearTimeout(retry);
      worker?.postMessage('close');
      await exited;
    },
  };
}
