import type { BlobStoreEvent } from './blob-store/blob-store.ts';
import { FASTDFS_DEFAULTS, openFastdfsBlobStore } from './blob-store/fastdfs-blob-store.ts';
import type { Config } from './config.ts';
import { AccessKeys } from './core/access-keys.ts';
import { OpenFiles } from './core/open-files.ts';
import { OriginPulls } from './core/origin/origin-pulls.ts';
import { Orphans } from './core/orphans.ts';
import { observeChanges } from './core/purge/observed-index.ts';
import type { PurgeOutcome } from './core/purge/purge-calls.ts';
import { SecretBox } from './core/secrets.ts';
import type { CoreServices } from './core/services.ts';
import { Spool } from './core/spool/spool.ts';
import { logIndexEvents } from './log-index-events.ts';
import { openSqliteIndex } from './object-index/sqlite-index.ts';
import { openPurging, type Purging } from './open-purging.ts';
import { OriginSources } from './origins/origin-sources.ts';
import { OutboundHttp } from './outbound/outbound-http.ts';
import { Closers } from './support/closers.ts';
import type { Logger } from './support/logger.ts';
import type { HostPort } from './support/units.ts';

/** What every process of a gateway works with, and every command. */
export interface ProcessServices {
  readonly core: CoreServices;
  readonly accessKeys: AccessKeys;
  readonly origins: OriginSources;
  /** Null where no cache is to be told of changes. */
  readonly purging: Purging | null;
  close(): Promise<void>;
}

export interface ProcessOptions {
  readonly logger: Logger;
  /** As configured, or the embedded node's. */
  readonly trackers: readonly HostPort[];
  /** Opens the secrets of the index. */
  readonly masterKey: Buffer;
  /** Whether the index gets threads of its own. */
  readonly threads: boolean;

  /** Whether other processes serve clients from the same index. */
  readonly isShared?: boolean;
  readonly openFiles?: OpenFiles;
  readonly onEvent?: (event: BlobStoreEvent) => void;
  /** Told how each call ended that tells a cache to forget something. */
  readonly onPurge?: (outcome: PurgeOutcome) => void;
  readonly onFailure?: (error: Error) => void;
}

/** Opens the index and the blob store; the rest is made of them. Takes no lock. */
export async function openProcessServices(
  config: Config,
  options: ProcessOptions,
): Promise<ProcessServices> {
  const { logger, trackers, masterKey, onEvent } = options;
  const { deleteDelayMs } = config;
  const closers = new Closers();
  try {
    const secrets = new SecretBox(masterKey);
    const plainIndex = await openIndex(config, options);
    closers.add(() => plainIndex.close());
    const purging = openPurging(config, logger, options.onPurge);
    if (purging) closers.add(() => purging.close());
    const index = purging ? observeChanges(plainIndex, purging.purger) : plainIndex;
    const orphans = new Orphans({ index, logger, now: Date.now, deleteDelayMs });
    closers.add(() => orphans.close());
    const blobs = openFastdfsBlobStore({
      ...FASTDFS_DEFAULTS,
      ...config.fastdfs,
      trackers,
      ...(onEvent && { onEvent }),
    });
    closers.add(() => blobs.close());
    const { openFiles = new OpenFiles() } = options;
    const outbound = new OutboundHttp(config.outbound);
    closers.add(() => outbound.close());
    const settings = coreSettings(config);
    const spool = openSpool(config, logger);
    const origins = new OriginSources({ outbound, secrets, now: Date.now });
    const pulls = new OriginPulls(origins, () => core);
    closers.add(() => pulls.close());
    const core: CoreServices = {
      index,
      blobs,
      openFiles,
      orphans,
      spool,
      outbound,
      pulls,
      settings,
      logger,
      now: Date.now,
    };
    const accessKeys = new AccessKeys({ index, secrets, now: Date.now, logger });
    return { core, accessKeys, origins, purging, close: () => closers.closeAll() };
  } catch (error) {
    await closers.closeAll();
    throw error;
  }
}

function openIndex(
  config: Config,
  { logger, threads, isShared = false, onFailure }: ProcessOptions,
) {
  return openSqliteIndex({
    path: config.indexPath,
    deleteDelayMs: config.deleteDelayMs,
    isShared,
    replicaCheckDelayMs: config.replicas.checkDelayMs,
    ...(threads ? {} : { threads }),
    ...(onFailure && { onFailure }),
    onEvent: logIndexEvents(logger, config.indexPath, config.backup.directory),
  });
}

function openSpool({ spool, replayBufferSizeBytes }: Config, logger: Logger): Spool {
  return new Spool({ ...spool, contentMemoryBytesMax: replayBufferSizeBytes, logger });
}

function coreSettings(config: Config): CoreServices['settings'] {
  const { replayBufferSizeBytes, deleteDelayMs, newBuckets, locationGroups, storageClassGroups } =
    config;
  const { region } = config.s3;
  return {
    replayBufferSizeBytes,
    deleteDelayMs,
    region,
    newBuckets,
    keepsQetags: config.qiniu.listen !== null,
    locationGroups,
    storageClassGroups,
  };
}
