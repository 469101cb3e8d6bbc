/** The thread that owns the read-write connection of an index. */
import { parentPort, workerData } from 'node:worker_threads';
import { type OperationTable, writeOperations } from './operations.ts';
import { openDatabase } from './sqlite-database.ts';
import { SqliteWriter } from './sqlite-writer.ts';
import { serveRequests } from './worker-channel.ts';
import { RestartRequest } from './write-ahead-log.ts';

const { path, batchMax, restart } = workerData as {
  readonly path: string;
  readonly batchMax: number;
  readonly restart: SharedArrayBuffer;
};
if (!parentPort) throw new Error('not a worker thread');
const operations = writeOperations as OperationTable;
const writer = new SqliteWriter(path, operations, openDatabase(path), {
  restart: new RestartRequest(restart),
});
serveRequests(
  parentPort,
  { batchMax },
  (requests, context) => writer.runBatch(requests, context),
  () => writer.close(),
);
