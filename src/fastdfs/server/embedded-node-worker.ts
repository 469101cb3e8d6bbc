import { parentPort, workerData } from 'node:worker_threads';
import { startEmbeddedNode } from './embedded-node.ts';
import type { FromWorker, ToWorker } from './embedded-node-thread.ts';
import type { EmbeddedNodeSettings } from './settings.ts';

/** Entry of the embedded node's thread. Any error ends the thread and reaches its owner. */
const port = parentPort;
if (port === null) throw new Error('embedded-node-worker runs as a worker thread only');

const send = (message: FromWorker) => port.postMessage(message);

const node = await startEmbeddedNode(workerData as EmbeddedNodeSettings, {
  report: (message, facts) => send({ kind: 'problem', message, facts }),
});
port.on('message', (message: ToWorker) => {
  if (message.kind !== 'close') return;
  // Without its port the thread has nothing left to do, and ends.
  void node.close().then(() => port.close());
});
send({
  kind: 'ready',
  trackerAddress: node.trackerAddress,
  storageAddress: node.storageAddress,
});
