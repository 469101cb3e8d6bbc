import { FASTDFS_DEFAULTS, openFastdfsBlobStore } from '../../src/blob-store/fastdfs-blob-store.ts';
import { observeChanges } from '../../src/core/purge/observed-index.ts';
import { PurgeCalls } from '../../src/core/purge/purge-calls.ts';
import { Purger } from '../../src/core/purge/purger.ts';
import { QueuedFiles } from '../../src/core/purge/queued-files.ts';
import { SeenTargets } from '../../src/core/purge/seen-targets.ts';
import type { Caller, CoreServices } from '../../src/core/services.ts';
import { createFilesDoor } from '../../src/files/door.ts';
import type { FileReadRules } from '../../src/files/read/file-reads.ts';
import type { UploadSettings } from '../../src/files/upload/upload-settings.ts';
import { listenHttp } from '../../src/http/listener.ts';
import { RequestLimit } from '../../src/http/request-limit.ts';
import { TrustedProxies } from '../../src/http/trusted-proxies.ts';
import type { HostPort } from '../../src/support/units.ts';
import { coreSecretAccessKey } from './core-s3-server.ts';
import type { TestCore } from './core-services.ts';

export const closedRules: FileReadRules = {
  access: 'closed',
  defaultGroup: null,
  prefixes: [],
  antiSteal: {
    ...{ secret: null, groupSecrets: new Map(), ttlSeconds: 600, bypass: null },
    hasSubstitute: false,
  },
  handingOver: { mode: 'proxy' },
  substitute: null,
  maxAgeSeconds: 2_592_000,
  downloadsAreAttachments: false,
  allowedOrigin: null,
};

const testUploads: UploadSettings = {
  bucketName: 'files',
  appBuckets: new Map(),
  fileSizeBytesMax: 2 ** 30,
  publicUrl: null,
  always200: false,
  profilePaths: new Map(),
  allowedOrigin: null,
};

export interface FilesServer {
  readonly endpoint: string;
  readonly port: number;
  /** As `core`, with files on the cluster, and with caches that are told of changes. */
  readonly core: CoreServices;
  close(): Promise<void>;
}

/** The files door on loopback: an index in memory, files on the cluster of these trackers. */
export async function startFilesServer(
  core: TestCore,
  trackers: readonly HostPort[],
  rules: Partial<FileReadRules> = {},
  purgeUrls: readonly string[] = [],
  uploads: Partial<UploadSettings> = {},
): Promise<FilesServer> {
  const blobs = openFastdfsBlobStore({ ...FASTDFS_DEFAULTS, trackers });
  const { logger, outbound } = core;
  const calls = new PurgeCalls({ outbound, logger, firstRetryMs: 20 });
  const seenTargets = new SeenTargets();
  const { prefixes, defaultGroup } = { ...closedRules, ...rules };
  const purger = new Purger({ urls: purgeUrls, prefixes, defaultGroup }, calls, seenTargets);
  const index = purgeUrls.length > 0 ? observeChanges(core.index, purger) : core.index;
  const services = { ...core, blobs, index };
  const queuedFiles = new QueuedFiles(services, purger);
  if (purgeUrls.length > 0) queuedFiles.start();
  const callers = new Map<string, Caller>(
    [core.alice, core.bob, core.root].map((caller) => [caller.accessKeyId, caller]),
  );
  const door = createFilesDoor({
    core: services,
    bodyPace: { idleTimeoutMs: 60_000, bytesPerSecondMin: 0 },
    requestLimit: new RequestLimit(100),
    trustedProxies: new TrustedProxies([]),
    copiesNeeded: 1,
    seenTargets,
    reads: { ...closedRules, ...rules },
    uploads: { ...testUploads, ...uploads },
    async findCredentials(accessKeyId) {
      const caller = callers.get(accessKeyId);
      return caller ? { secretAccessKey: coreSecretAccessKey, caller } : null;
    },
  });
  const listener = await listenHttp(door, { host: '127.0.0.1', port: 0 });
  return {
    endpoint: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    core: services,
    async close() {
      await listener.close(0);
      await queuedFiles.stop();
      await calls.close();
      await blobs.close();
    },
  };
}
