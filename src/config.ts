import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { toFileReads } from './file-read-settings.ts';
import { toFileUploads } from './file-upload-settings.ts';
import { toQiniu } from './qiniu-settings.ts';
import { secretSettings, settings } from './settings.ts';
import type { LogLevel } from './support/logger.ts';
import { nearestName } from './support/nearest-name.ts';
import { parseSettingsFile } from './support/settings-file.ts';

/** Settings that are wrong: one sentence for each, all of them at once. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;
export type Config = ReturnType<typeof toConfig>;

const names = Object.keys(settings.shape);

/**
 * Makes the gateway's configuration of the environment and, when one is named by `configFile` or
 * `GATEWAY_CONFIG`, of a file of the same names; the environment wins. An empty value counts as not
 * given. Throws `ConfigError` with everything that is wrong.
 */
export function loadConfig(environment: Environment, configFile?: string): Config {
  const problems: string[] = [];
  const given = new Map<string, string>();
  const path = configFile ?? environment.GATEWAY_CONFIG;
  if (path) readFile(path, given, problems);
  for (const [name, value] of Object.entries(environment)) {
    if (name === 'GATEWAY_CONFIG' || value === undefined) continue;
    if (names.includes(name)) {
      if (value.trim() !== '') given.set(name, value.trim());
    } else if (isMistakenName(name, value)) {
      problems.push(unknownSetting(name, 'the environment'));
    }
  }
  const parsed = settings.safeParse(Object.fromEntries(given));
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    const value = secretSettings.has(name) ? '…' : given.get(name);
    problems.push(`${name}=${value} is not allowed; it must be ${issue.message}.`);
  }
  if (given.has('GATEWAY_ROOT_ACCESS_KEY') !== given.has('GATEWAY_ROOT_SECRET_KEY')) {
    problems.push('GATEWAY_ROOT_ACCESS_KEY and GATEWAY_ROOT_SECRET_KEY must be given together.');
  }
  const { GATEWAY_MIN_REPLICAS: minReplicas = 1, FASTDFS_TRACKERS: trackers } = parsed.data ?? {};
  if (minReplicas > 1 && trackers?.length === 0) {
    problems.push(
      'GATEWAY_MIN_REPLICAS above 1 needs FASTDFS_TRACKERS: the embedded node is one storage server.',
    );
  }
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return deepFreeze(toConfig(parsed.data));
}

function readFile(path: string, given: Map<string, string>, problems: string[]): void {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    problems.push(`The settings file cannot be read: ${(error as Error).message}.`);
    return;
  }
  const file = parseSettingsFile(text);
  problems.push(...file.problems.map((problem) => `${path}: ${problem}.`));
  for (const { name, value, lineNumber } of file.lines) {
    if (!names.includes(name)) problems.push(unknownSetting(name, `${path}, line ${lineNumber}`));
    else if (value !== '') given.set(name, value);
  }
}

/**
 * A misspelt name would silently leave its default in force. The environment is shared with others,
 * so only our own prefix and near misses of a name count, and not the variables that Kubernetes
 * makes for a service called `gateway` (`GATEWAY_SERVICE_HOST`, `GATEWAY_PORT_9000_TCP_ADDR` …).
 */
function isMistakenName(name: string, value: string): boolean {
  if (/_SERVICE_(HOST|PORT)(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$/.test(name)) return false;
  if (/_PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value)) return false;
  if (name.startsWith('GATEWAY_')) return true;
  return name.startsWith('FASTDFS_') && nearestName(name, names, 2) !== null;
}

function unknownSetting(name: string, where: string): string {
  const nearest = nearestName(name, names, Math.ceil(name.length / 3));
  const hint = nearest === null ? '' : ` Did you mean ${nearest}?`;
  return `${name} (${where}) is not a setting.${hint}`;
}

function toConfig(values: z.output<typeof settings>) {
  const dataDir = resolve(values.GATEWAY_DATA_DIR);
  const { GATEWAY_ROOT_ACCESS_KEY: rootKey, GATEWAY_ROOT_SECRET_KEY: rootSecret } = values;
  return {
    dataDir,
    indexPath: resolve(values.GATEWAY_INDEX_URL ?? join(dataDir, 'index.sqlite')),
    /** Null starts the embedded node. */
    trackers: values.FASTDFS_TRACKERS.length > 0 ? values.FASTDFS_TRACKERS : null,
    fastdfs: {
      addressMap: values.FASTDFS_ADDRESS_MAP,
      connectTimeoutMs: values.FASTDFS_CONNECT_TIMEOUT,
      responseTimeoutMs: values.FASTDFS_RESPONSE_TIMEOUT,
      idleTimeoutMs: values.FASTDFS_NETWORK_TIMEOUT,
      commandTimeoutMs: values.FASTDFS_COMMAND_TIMEOUT,
      connectionsPerServerMax: values.FASTDFS_CONNECTIONS_MAX,
      idleConnectionsPerServerMax: values.FASTDFS_IDLE_CONNECTIONS_MAX,
      connectionWaitTimeoutMs: values.FASTDFS_CONNECTION_WAIT_TIMEOUT,
      idleConnectionLifetimeMs: values.FASTDFS_IDLE_EXPIRY,
      clusterViewRefreshMs: values.FASTDFS_REFRESH_INTERVAL,
      avoidFailedServerMs: values.FASTDFS_AVOID_FAILED,
      segmentSizeBytesMax: values.GATEWAY_SEGMENT_SIZE,
      placement: values.GATEWAY_PLACEMENT,
      minReplicas: values.GATEWAY_MIN_REPLICAS,
      replicaWaitMs: values.GATEWAY_REPLICA_WAIT,
      replicaWaitFailure: values.GATEWAY_REPLICA_WAIT_FAILURE,
      refusalWaitMs: values.FASTDFS_REFUSAL_WAIT,
    },
    /** Null is the standard port when it is free. */
    embeddedNode: {
      trackerPort: values.GATEWAY_EMBEDDED_TRACKER_PORT,
      storagePort: values.GATEWAY_EMBEDDED_STORAGE_PORT,
    },
    s3: {
      listen: values.GATEWAY_S3_LISTEN,
      region: values.GATEWAY_REGION,
      domains: values.GATEWAY_DOMAINS,
      acceptsSignatureV2: values.GATEWAY_SIGNATURE_V2,
    },
    qiniu: {
      listen: values.GATEWAY_QINIU_LISTEN,
      /** Null for any date. */
      dateSkewMsMax: values.GATEWAY_QINIU_DATE_SKEW,
      timeZone: values.GATEWAY_QINIU_TIME_ZONE,
      uploads: {
        ignoresPersistentOps: values.GATEWAY_QINIU_PERSISTENT_OPS,
        blocksOverwrite: values.GATEWAY_QINIU_BLOCKS_OVERWRITE,
        callbackScheme: values.GATEWAY_QINIU_CALLBACK_SIGNATURE,
        callbackTimeoutMs: values.GATEWAY_QINIU_CALLBACK_TIMEOUT,
      },
      ...toQiniu(values),
    },
    files: {
      listen: values.GATEWAY_FILES_LISTEN,
      reads: toFileReads(values),
      uploads: toFileUploads(values),
      purgeUrls: values.GATEWAY_FILES_PURGE,
    },
    /** For all doors. */
    http: {
      bodyPace: {
        idleTimeoutMs: values.GATEWAY_BODY_IDLE_TIMEOUT,
        bytesPerSecondMin: values.GATEWAY_BODY_MIN_RATE,
      },
      requestsMax: values.GATEWAY_REQUESTS_MAX,
      trustedProxies: values.GATEWAY_TRUSTED_PROXIES,
    },
    console: { listen: values.GATEWAY_CONSOLE_LISTEN },
    outbound: {
      allowed: values.GATEWAY_OUTBOUND_ALLOW,
      callbackHosts: values.GATEWAY_CALLBACK_HOSTS,
    },
    /** Processes that serve requests; 1 is this one. */
    workerCount: values.GATEWAY_WORKERS,
    /** Null makes a random key at the first start. */
    rootKey: rootKey === '' ? null : { accessKeyId: rootKey, secretAccessKey: rootSecret },
    /** Null uses the file `master.key` in the data directory. */
    masterKey:
      values.GATEWAY_MASTER_KEY === '' ? null : Buffer.from(values.GATEWAY_MASTER_KEY, 'hex'),
    /** Storage servers without which a write fails. */
    copiesNeeded: values.GATEWAY_REPLICA_WAIT_FAILURE === 'fail' ? values.GATEWAY_MIN_REPLICAS : 1,
    replayBufferSizeBytes: values.GATEWAY_REPLAY_BUFFER_SIZE,
    spool: { directory: join(dataDir, 'spool'), sizeBytesMax: values.GATEWAY_SPOOL_SIZE },
    newBuckets: {
      objectOwnership: values.GATEWAY_DEFAULT_OBJECT_OWNERSHIP,
      blocksPublicAccess: values.GATEWAY_DEFAULT_PUBLIC_ACCESS_BLOCK,
    },
    locationGroups: values.GATEWAY_LOCATION_GROUPS,
    storageClassGroups: values.GATEWAY_STORAGE_CLASS_GROUPS,
    replicas: {
      /** Null looks at none; the embedded node has none. */
      checkDelayMs: values.FASTDFS_TRACKERS.length > 0 ? values.GATEWAY_REPLICA_CHECK : null,
      repairAfterMs: values.GATEWAY_REPLICA_REPAIR_AFTER,
    },
    deleteDelayMs: values.GATEWAY_DELETE_DELAY,
    backup: {
      /** Null makes none. */
      intervalMs: values.GATEWAY_BACKUP_INTERVAL,
      directory: resolve(values.GATEWAY_BACKUP_DIR || join(dataDir, 'backups')),
      keepCount: values.GATEWAY_BACKUP_KEEP,
    },
    shutdownGraceMs: values.GATEWAY_SHUTDOWN_GRACE,
    logLevel: values.GATEWAY_LOG_LEVEL as LogLevel,
  };
}

function deepFreeze<T>(value: T): T {
  // A Buffer's elements cannot be frozen.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
