/** The thread that makes one backup; it ends when that is done, has failed, or is to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { type BackupWorkerData, type FromBackupWorker, makeBackup } from './index-backups.ts';

const port = parentPort;
if (!port) throw new Error('not a worker thread');
const { settings, nowMs } = workerData as BackupWorkerData;
const stopping = new AbortController();
port.on('message', () => stopping.abort(new Error('stopped')));
const send = (message: FromBackupWorker) => port.postMessage(message);
try {
  send({ kind: 'made', backup: await makeBackup(settings, nowMs, stopping.signal) });
} catch (error) {
  send({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
} finally {
  // Without its port the thread has nothing left to do, and ends.
  port.close();
}
