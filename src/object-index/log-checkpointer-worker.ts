/** The thread that copies the write-ahead log of an index into its database. */
import { parentPort, workerData } from 'node:worker_threads';
import { LogCheckpointer } from './log-checkpointer.ts';
import { LOOK_INTERVAL_MS } from './log-keeping.ts';
import { LOG_LIMITS } from './log-limits.ts';
import { RestartRequest } from './write-ahead-log.ts';

const { path, request } = workerData as {
  readonly path: string;
  readonly request: SharedArrayBuffer;
};
const port = parentPort;
if (!port) throw new Error('not a worker thread');
const checkpointer = new LogCheckpointer(
  path,
  LOG_LIMITS,
  new RestartRequest(request),
  (event) => port.postMessage(event),
  performance.now(),
);
const timer = setInterval(() => checkpointer.look(performance.now()), LOOK_INTERVAL_MS);
port.once('message', () => {
  clearInterval(timer);
  checkpointer.close();
  port.close();
});
