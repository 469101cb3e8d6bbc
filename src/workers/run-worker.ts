import { OpenFiles } from '../core/open-files.ts';
import { DataDirectory } from '../data-directory.ts';
import { openDoors } from '../doors.ts';
import { GatewayMetrics } from '../metrics/gateway-metrics.ts';
import { blobStoreObserver } from '../metrics/observe-blob-store.ts';
import { openProcessServices } from '../process-services.ts';
import { shareServingLocks } from '../serving-locks.ts';
import { Closers } from '../support/closers.ts';
import type { DoorName } from '../support/doors.ts';
import { endOnUncaughtErrors, endProcess } from '../support/end-process.ts';
import { createLogger, type Logger } from '../support/logger.ts';
import { INDEX_LOST_EXIT_CODE, type WorkerSettings } from './messages.ts';
import { PrimaryConnection } from './primary-connection.ts';

/** Files of failed writes that wait for the index are tried again this often. */
const ORPHANS_INTERVAL_MS = 1_000;

/**
 * Serves S3 until the primary process says stop, or is gone. Ends the process: with 0 when all was
 * closed as it should be.
 */
export async function runWorker(): Promise<void> {
  const primary = new PrimaryConnection();
  const begin = primary.receive('begin');
  await primary.send({ kind: 'hello' });
  const { settings } = await begin;
  const facts = { worker: settings.number };
  const logger = createLogger(settings.config.logLevel, { isShared: true, facts });
  endOnUncaughtErrors(logger);
  primary.onLost(() => {
    endProcess(logger, new Error('the primary process is gone'));
  });
  const stop = primary.receive('stop');
  const closers = new Closers();
  try {
    const close = await startServing(primary, settings, logger, closers);
    const { graceMs } = await stop;
    await close(graceMs);
  } catch (error) {
    await primary.send({ kind: 'failed', message: messageOf(error) });
    process.exitCode = 1;
  } finally {
    await closers.closeAll();
  }
  process.exit();
}

/** Resolves to what closes the door. Whatever else was opened is added to `closers`. */
async function startServing(
  primary: PrimaryConnection,
  { config, trackers, masterKey, listen }: WorkerSettings,
  logger: Logger,
  closers: Closers,
): Promise<(graceMs: number) => Promise<void>> {
  const openFiles = new OpenFiles();
  const metrics = new GatewayMetrics();
  shareServingLocks(config, DataDirectory.prepare(config.dataDir));
  const go = primary.receive('go');
  await primary.send({ kind: 'locked' });
  await go;
  const services = await openProcessServices(config, {
    logger,
    trackers,
    masterKey,
    threads: true,
    isShared: true,
    openFiles,
    onEvent: blobStoreObserver(metrics, logger),
    onPurge: (outcome) => metrics.purges.count(outcome),
    onFailure: (error) => endProcess(logger, error, INDEX_LOST_EXIT_CODE),
  });
  closers.add(() => services.close());
  const { core, accessKeys, purging } = services;
  metrics.watch(core, { isWorker: true });
  primary.answerWith({
    // In one turn of the event loop: see `FindOpenElsewhere`.
    'open-files': (fileIds) => openFiles.openOf(fileIds),
    metrics: () => metrics.snapshot(),
    cluster: () => core.blobs.clusterState(),
  });
  const flushing = setInterval(() => void core.orphans.flush(), ORPHANS_INTERVAL_MS);
  closers.add(() => clearInterval(flushing));
  const observer = (door: DoorName) => metrics.requests.of(door);
  const doors = await openDoors({ core, accessKeys, purging, observer }, config, listen);
  await primary.send({ kind: 'serving' });
  return (graceMs) => doors.close(graceMs);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
