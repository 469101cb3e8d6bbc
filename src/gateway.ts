import type { Config } from './config.ts';
import type { AccessKeys } from './core/access-keys.ts';
import type { KeyPair } from './core/key-pairs.ts';
import { ExpirySweeper } from './core/kodo/expiry-sweeper.ts';
import { RuleSweeper } from './core/kodo/rule-sweeper.ts';
import { warnOfUnknownGroups } from './core/placement.ts';
import { purgeAfterDeletion } from './core/purge/purge-after-deletion.ts';
import { QueuedFiles } from './core/purge/queued-files.ts';
import { Reaper } from './core/reaper.ts';
import { ReplicaChecker } from './core/replicas/replica-checker.ts';
import { SecretError } from './core/secrets.ts';
import { removeSpoolLeftovers } from './core/spool/spool.ts';
import { DataDirectory, DataDirectoryError } from './data-directory.ts';
import { startEmbeddedNodeThread } from './fastdfs/server/embedded-node-thread.ts';
import type { GatewayMetrics } from './metrics/gateway-metrics.ts';
import { blobStoreObserver } from './metrics/observe-blob-store.ts';
import { removeLeftovers } from './object-index/replace-index.ts';
import { openProcessServices, type ProcessServices } from './process-services.ts';
import { takeServingLocks } from './serving-locks.ts';
import { startBackups } from './start-backups.ts';
import { Closers } from './support/closers.ts';
import type { Logger } from './support/logger.ts';
import { type HostPort, renderHostPort } from './support/units.ts';
import type { GatewayWorkers, GatewayWorkersOptions } from './workers/gateway-workers.ts';
import { workerConfig } from './workers/worker-config.ts';

/** What doors and commands work with. */
export interface Services extends ProcessServices {
  readonly directory: DataDirectory;
  /** As configured, or the embedded node's. */
  readonly trackers: readonly HostPort[];
}

export interface Gateway extends Services {
  readonly metrics: GatewayMetrics;
  /** To be started when the doors are opened; null when this process serves S3 itself. */
  readonly workers: GatewayWorkers | null;
  /** A random root key that was made just now and is to be shown once; else null. */
  readonly newRootKey: KeyPair | null;
}

/**
 * Opens everything behind the doors for serving: the embedded node when no tracker is configured,
 * the index, the blob store, the root user, the deletion of files that no key needs, and the looks
 * at the replicas of new ones. Where workers serve S3, they get the rest of it, and this process its
 * share of what is limited. Throws `DataDirectoryError` when another process serves from the
 * data directory, or it cannot be used.
 * `onFailure` is told of what cannot be lived without: the caller should end.
 */
export async function openGateway(
  whole: Config,
  logger: Logger,
  onFailure: (error: Error) => void,
): Promise<Gateway> {
  const closers = new Closers();
  const config = servesItself(whole) ? whole : workerConfig(whole);
  try {
    const directory = DataDirectory.prepare(config.dataDir);
    if (directory.isOpenToOthers()) {
      logger.warn({ directory: directory.path }, 'other accounts may read the data directory');
    }
    takeLocks(config, directory, closers);
    removeLeftovers(config.indexPath);
    removeSpoolLeftovers(config.spool.directory);
    const trackers = config.trackers ?? [
      await startNode(config, directory, { logger, onFailure }, closers),
    ];
    const metrics = await createMetrics();
    const masterKey = config.masterKey ?? directory.loadMasterKey(config.indexPath);
    const services = await openProcessServices(config, {
      logger,
      trackers,
      masterKey,
      threads: true,
      isShared: config.workerCount > 1,
      onEvent: blobStoreObserver(metrics, logger),
      onPurge: (outcome) => metrics.purges.count(outcome),
      onFailure,
    });
    closers.add(() => services.close());
    metrics.watch(services.core);
    metrics.processes.watch(() => (servesRequests(config) ? 1 : 0));
    void warnOfUnknownGroups(services.core);
    const newRootKey = await ensureRoot(config, services.accessKeys, directory);
    const workers = await createWorkers(config, {
      config,
      trackers,
      masterKey,
      logger,
      metrics,
      onFailure,
    });
    await startBackground(config, services, { metrics, workers, closers });
    const close = () => closers.closeAll();
    return { ...services, directory, trackers, metrics, workers, newRootKey, close };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

/** Starts the work that one process of a gateway does for all. */
async function startBackground(
  config: Config,
  { core, purging }: ProcessServices,
  {
    metrics,
    workers,
    closers,
  }: Pick<Gateway, 'metrics' | 'workers'> & { readonly closers: Closers },
): Promise<void> {
  const blobs = purging ? purgeAfterDeletion(core.blobs, purging.purger) : core.blobs;
  const reaper = new Reaper(
    { ...core, blobs },
    {
      ...(workers && { findOpenElsewhere: (fileIds) => workers.findOpenFiles(fileIds) }),
      onRun: (groupName, result) => metrics.deletions.count(groupName, result),
    },
  );
  reaper.start();
  closers.add(() => reaper.stop());
  const sweeper = new ExpirySweeper(core, {
    onExpired: (objects) => metrics.expiries.count(objects.length),
  });
  sweeper.start();
  closers.add(() => sweeper.stop());
  const rules = new RuleSweeper(core, { timeZone: config.qiniu.timeZone });
  rules.start();
  closers.add(() => rules.stop());
  if (config.replicas.checkDelayMs !== null) {
    const checker = new ReplicaChecker(core, {
      repairAfterMs: config.replicas.repairAfterMs,
      onResult: (result) => metrics.replicas.count(result),
    });
    checker.start();
    closers.add(() => checker.stop());
  }
  if (purging) {
    const queuedFiles = new QueuedFiles(core, purging.purger);
    queuedFiles.start();
    closers.add(() => queuedFiles.stop());
  }
  await startBackups(config, { core, metrics: metrics.backups, closers });
}

/** Loaded for serving only: commands start faster without. */
async function createMetrics(): Promise<GatewayMetrics> {
  const { GatewayMetrics } = await import('./metrics/gateway-metrics.ts');
  return new GatewayMetrics();
}

function servesRequests({ s3, qiniu, files }: Config): boolean {
  return [s3, qiniu, files].some(({ listen }) => listen !== null);
}

/** Nothing is served to share out when all doors are off. */
function servesItself(config: Config): boolean {
  return config.workerCount === 1 || !servesRequests(config);
}

/** Loaded only when there are any. */
async function createWorkers(
  config: Config,
  options: Omit<GatewayWorkersOptions, 'count'>,
): Promise<GatewayWorkers | null> {
  if (servesItself(config)) return null;
  const { GatewayWorkers } = await import('./workers/gateway-workers.ts');
  return new GatewayWorkers({ ...options, count: config.workerCount });
}

/** Opens index and blob store for one command, while the gateway runs or not. */
export async function openServices(config: Config, logger: Logger): Promise<Services> {
  const directory = DataDirectory.prepare(config.dataDir);
  const standardTracker = { host: '127.0.0.1', port: config.embeddedNode.trackerPort ?? 22_122 };
  const trackers = config.trackers ?? [directory.findEmbeddedNode() ?? standardTracker];
  const masterKey = config.masterKey ?? directory.loadMasterKey(config.indexPath);
  const options = { logger, trackers, masterKey, threads: false };
  return { ...(await openProcessServices(config, options)), directory, trackers };
}

function takeLocks(config: Config, directory: DataDirectory, closers: Closers): void {
  const path = takeServingLocks(config, directory, closers);
  if (path === null) return;
  throw new DataDirectoryError(
    `Another gateway runs on ${config.dataDir} (it holds ${path}). Stop it, or set GATEWAY_DATA_DIR to another directory.`,
  );
}

async function startNode(
  config: Config,
  directory: DataDirectory,
  hooks: { logger: Logger; onFailure: (error: Error) => void },
  closers: Closers,
): Promise<HostPort> {
  const { trackerPort, storagePort } = config.embeddedNode;
  const node = await startEmbeddedNodeThread(
    {
      storePath: directory.embeddedStorePath,
      ...(trackerPort === null ? {} : { trackerPort }),
      ...(storagePort === null ? {} : { storagePort }),
    },
    {
      report: (message, facts) => hooks.logger.error(facts, `embedded FastDFS node: ${message}`),
      onFailure: hooks.onFailure,
    },
  );
  closers.add(() => node.close());
  directory.saveEmbeddedNode(node.trackerAddress);
  hooks.logger.info(
    {
      tracker: renderHostPort(node.trackerAddress),
      storage: renderHostPort(node.storageAddress),
    },
    'the embedded FastDFS node listens',
  );
  return node.trackerAddress;
}

/** Also notices a master key that does not open what the index holds, before anybody signs in. */
async function ensureRoot(
  config: Config,
  accessKeys: AccessKeys,
  directory: DataDirectory,
): Promise<KeyPair | null> {
  const keep = (pair: KeyPair) => directory.saveRootCredentials(pair);
  const newRootKey = await accessKeys.ensureRoot(config.rootKey, keep);
  for (const { accessKeyId } of await accessKeys.listKeys(null)) {
    try {
      await accessKeys.findCredentials(accessKeyId);
      return newRootKey;
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
    }
  }
  throw new DataDirectoryError(
    'No secret in the index opens with this master key. Restore master.key or GATEWAY_MASTER_KEY, or set GATEWAY_ROOT_ACCESS_KEY and GATEWAY_ROOT_SECRET_KEY to start with a new root key.',
  );
}
