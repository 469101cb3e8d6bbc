/** The thread that owns the read-write connection of an index. */
import { parentPort, workerData } from 'node:worker_threads';
import { type OperationTable, writeOperations } from './operations.ts';
import { openDatabase } from './sqlite-database.ts';
import { SqliteWriter } from './sqlite-writer.ts';
import { serveRequests } from './worker-channel.ts';

const { path, batchMax } = workerData as { readonly path: string; readonly batchMax: number };
if (!parentPort) throw new Error('not a worker thread');
const operations = writeOperations as OperationTable;
const writer = new SqliteWriter(path, operations, openDatabase(path));
serveRequests(
  parentPort,
  { batchMax },
  (requests, context) => writer.runBatch(requests, context),
  () => writer.close(),
);
