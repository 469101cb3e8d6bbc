/** A thread that runs listings on a read-only connection of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { openReadOnly, SqliteRunner } from './sqlite-database.ts';
import { runListing } from './sqlite-reader.ts';
import { serveRequests } from './worker-channel.ts';

const { path, batchMax } = workerData as { readonly path: string; readonly batchMax: number };
if (!parentPort) throw new Error('not a worker thread');
const runner = new SqliteRunner(openReadOnly(path));
serveRequests(
  parentPort,
  { batchMax },
  (requests) => requests.map((request) => runListing(runner, path, request)),
  () => runner.database.close(),
);
