import { z } from 'zod';
import { objectOwnerships } from './core/access/object-ownership.ts';
import { parseIpRange } from './core/access/policy/ip-range.ts';
import { locationConstraintPattern } from './core/buckets.ts';
import { storageClasses } from './core/descriptions.ts';
import { fileReadSettings } from './file-read-settings.ts';
import { fileUploadSettings } from './file-upload-settings.ts';
import { type AllowedTarget, parseAllowedTarget } from './outbound/allowed-targets.ts';
import { qiniuSettings } from './qiniu-settings.ts';
import {
  count,
  duration,
  inRange,
  list,
  listen,
  pairs,
  setting,
  size,
  text,
} from './setting-kinds.ts';
import { parseAddressPairs } from './support/address-pairs.ts';
import { type HostPort, parseDuration, parseHostPort } from './support/units.ts';

const GROUP_NAME = /^[A-Za-z0-9]{1,16}$/;
const ADDRESS_PAIRS =
  'advertised=reachable,advertised=reachable, each side host or host:port (IPv6 in brackets), or empty';

const ALLOWED_TARGETS =
  'hosts (name or name:port), IP addresses (10.0.0.5, 10.0.0.5:80) and ranges (10.0.0.0/8, fd00::/8), joined by commas';

/** Of what the gateway connects to on behalf of others. */
function targets() {
  return setting('', ALLOWED_TARGETS, (value) => list<AllowedTarget>(value, parseAllowedTarget));
}

const TRACKER_PORT = 22_122;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

const parsePort = (value: string): number | null | undefined => {
  if (value === 'auto') return null;
  return /^\d{1,5}$/.test(value) ? inRange(Number(value), 0, 65_535) : undefined;
};

const PLACEMENTS = ['tracker', 'free-space', 'round-robin'] as const;
const REPLICA_WAIT_FAILURES = ['fail', 'accept'] as const;

const CHECK_DELAY_MS_MIN = 1_000;
const CHECK_DELAY_MS_MAX = 86_400_000;
const CHECK_DELAY_ALLOWED = 'a duration such as 1m (units ms, s, m, h, d), from 1s to 1d,';

const DATE_SKEW_ALLOWED = 'a duration such as 15m (units ms, s, m, h, d), from 1s to 30d,';

const BACKUP_INTERVAL_MS_MIN = 60_000;
const BACKUP_INTERVAL_MS_MAX = 30 * 86_400_000;
const BACKUP_INTERVAL_ALLOWED = 'a duration such as 1d (units ms, s, m, h, d), from 1m to 30d,';

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/** Every setting, by the name it has in the environment and in the file. */
export const settings = z.object({
  FASTDFS_TRACKERS: setting('', 'trackers as host:port,host:port, or empty', (value) =>
    list<HostPort>(value, (item) => parseHostPort(item, TRACKER_PORT)),
  ),
  FASTDFS_ADDRESS_MAP: setting('', ADDRESS_PAIRS, (value, refuse) => {
    const pairs = parseAddressPairs(value);
    return typeof pairs === 'string' ? refuse(pairs) : pairs;
  }),
  FASTDFS_CONNECT_TIMEOUT: duration('2s', '50ms', '5m'),
  FASTDFS_RESPONSE_TIMEOUT: duration('5s', '50ms', '30m'),
  FASTDFS_NETWORK_TIMEOUT: duration('30s', '100ms', '30m'),
  FASTDFS_COMMAND_TIMEOUT: duration('1m', '100ms', '30m'),
  FASTDFS_REFUSAL_WAIT: duration('5ms', '0', '10s'),
  FASTDFS_CONNECTIONS_MAX: count('64', 1, 4096),
  FASTDFS_IDLE_CONNECTIONS_MAX: count('32', 0, 4096),
  FASTDFS_CONNECTION_WAIT_TIMEOUT: duration('15s', '10ms', '10m'),
  FASTDFS_IDLE_EXPIRY: duration('1m', '1s', '1h'),
  FASTDFS_REFRESH_INTERVAL: duration('1s', '100ms', '5m'),
  FASTDFS_AVOID_FAILED: duration('1s', '0', '10m'),
  GATEWAY_DATA_DIR: text('./data', 'a directory', /./),
  GATEWAY_INDEX_URL: setting(
    '',
    'sqlite:PATH; this version has no PostgreSQL index, so postgres:// cannot be used',
    (value) => (value === '' ? null : (/^sqlite:(?!\/\/)(.+)$/.exec(value)?.[1] ?? undefined)),
  ),
  GATEWAY_S3_LISTEN: listen('0.0.0.0:9000'),
  GATEWAY_CONSOLE_LISTEN: listen('127.0.0.1:9001'),
  GATEWAY_QINIU_LISTEN: listen('0.0.0.0:9002'),
  ...qiniuSettings,
  GATEWAY_QINIU_DATE_SKEW: setting('15m', `${DATE_SKEW_ALLOWED} or off`, (value) => {
    if (value === 'off') return null;
    return inRange(parseDuration(value), 1_000, 30 * 86_400_000);
  }),
  GATEWAY_QINIU_TIME_ZONE: setting(
    'Asia/Shanghai',
    'a time zone of the IANA database such as Asia/Shanghai or UTC',
    (value) => (isTimeZone(value) ? value : undefined),
  ),
  GATEWAY_QINIU_PERSISTENT_OPS: setting(
    'refuse',
    'refuse (uploads whose policy asks for media jobs fail) or ignore (the jobs are not done)',
    (value) => ({ refuse: false, ignore: true })[value],
  ),
  GATEWAY_QINIU_BLOCKS_OVERWRITE: setting(
    'on',
    'on (mkfile overwrites with the scope of a whole bucket, as Kodo does it) or off',
    (value) => ({ on: true, off: false })[value],
  ),
  GATEWAY_QINIU_CALLBACK_SIGNATURE: setting('QBox', 'QBox or Qiniu', (value) =>
    (['QBox', 'Qiniu'] as const).find((scheme) => scheme === value),
  ),
  GATEWAY_QINIU_CALLBACK_TIMEOUT: duration('10s', '100ms', '5m'),
  GATEWAY_FILES_LISTEN: listen('0.0.0.0:8888'),
  ...fileReadSettings,
  ...fileUploadSettings,
  GATEWAY_REGION: text('us-east-1', 'letters, digits and dashes, 64 at most', /^[a-z0-9-]{1,64}$/i),
  GATEWAY_DOMAINS: setting('', 'host names without * or port, joined by commas', (value) =>
    list(value.toLowerCase(), (item) => (HOST_NAME.test(item) ? item : null)),
  ),
  GATEWAY_TRUSTED_PROXIES: setting(
    '',
    'IP addresses and ranges (10.0.0.0/8, 2001:db8::/32), joined by commas',
    (value) => list(value, parseIpRange),
  ),
  GATEWAY_OUTBOUND_ALLOW: targets(),
  GATEWAY_CALLBACK_HOSTS: targets(),
  GATEWAY_ROOT_ACCESS_KEY: text('', '3 to 128 letters, digits, - _ .', /^([\w.-]{3,128})?$/),
  GATEWAY_ROOT_SECRET_KEY: text('', '8 to 128 visible ASCII characters', /^([!-~]{8,128})?$/),
  GATEWAY_MASTER_KEY: text('', '32 bytes as 64 hex digits', /^([0-9a-fA-F]{64})?$/),
  GATEWAY_SIGNATURE_V2: setting(
    'off',
    'on (signatures of version 2 of old clients count) or off',
    (value) => ({ on: true, off: false })[value],
  ),
  GATEWAY_DEFAULT_OBJECT_OWNERSHIP: setting(
    'BucketOwnerEnforced',
    'BucketOwnerEnforced (new buckets have no ACLs), BucketOwnerPreferred or ObjectWriter',
    (value) => objectOwnerships.find((ownership) => ownership === value),
  ),
  GATEWAY_DEFAULT_PUBLIC_ACCESS_BLOCK: setting(
    'on',
    'on (new buckets refuse to be made public until their block is taken away) or off',
    (value) => ({ on: true, off: false })[value],
  ),
  GATEWAY_SEGMENT_SIZE: size('64MiB', '64KiB', '4GiB'),
  GATEWAY_PLACEMENT: setting(
    'tracker',
    'tracker (its store_lookup chooses the group), free-space or round-robin',
    (value) => PLACEMENTS.find((placement) => placement === value),
  ),
  GATEWAY_LOCATION_GROUPS: setting(
    '',
    'LOCATION=GROUP,LOCATION=GROUP: each LocationConstraint once, groups of 1 to 16 letters and digits',
    (value) =>
      pairs(
        value,
        (location, group) => locationConstraintPattern.test(location) && GROUP_NAME.test(group),
      ),
  ),
  GATEWAY_STORAGE_CLASS_GROUPS: setting(
    '',
    'CLASS=GROUP,CLASS=GROUP: each storage class of S3 but STANDARD once, groups of 1 to 16 letters and digits',
    (value) =>
      pairs(
        value,
        (name, group) => name !== 'STANDARD' && storageClasses.has(name) && GROUP_NAME.test(group),
      ),
  ),
  GATEWAY_REPLAY_BUFFER_SIZE: size('1MiB', '0', '64MiB'),
  GATEWAY_SPOOL_SIZE: size('10GiB', '16MiB', '1024TiB'),
  GATEWAY_MIN_REPLICAS: count('1', 1, 32),
  GATEWAY_REPLICA_WAIT: duration('10s', '100ms', '10m'),
  GATEWAY_REPLICA_WAIT_FAILURE: setting(
    'fail',
    'fail (503) or accept (acknowledged all the same, and counted)',
    (value) => REPLICA_WAIT_FAILURES.find((outcome) => outcome === value),
  ),
  GATEWAY_REPLICA_CHECK: setting('1m', `${CHECK_DELAY_ALLOWED} or off`, (value) => {
    if (value === 'off') return null;
    return inRange(parseDuration(value), CHECK_DELAY_MS_MIN, CHECK_DELAY_MS_MAX);
  }),
  GATEWAY_REPLICA_REPAIR_AFTER: duration('5m', '1s', '30d'),
  GATEWAY_DELETE_DELAY: duration('5m', '0', '30d'),
  GATEWAY_BACKUP_INTERVAL: setting('1d', `${BACKUP_INTERVAL_ALLOWED} or off`, (value) => {
    if (value === 'off') return null;
    return inRange(parseDuration(value), BACKUP_INTERVAL_MS_MIN, BACKUP_INTERVAL_MS_MAX);
  }),
  GATEWAY_BACKUP_DIR: text('', 'a directory, or empty for backups in GATEWAY_DATA_DIR', /^/),
  GATEWAY_BACKUP_KEEP: count('3', 1, 1000),
  GATEWAY_BODY_IDLE_TIMEOUT: duration('30s', '100ms', '1h'),
  GATEWAY_BODY_MIN_RATE: size('1KiB', '0', '1GiB'),
  GATEWAY_REQUESTS_MAX: count('512', 1, 100_000),
  GATEWAY_SHUTDOWN_GRACE: duration('30s', '0', '1h'),
  GATEWAY_LOG_LEVEL: text(
    'info',
    'debug, info, warn, error or silent',
    /^(debug|info|warn|error|silent)$/,
  ),
  GATEWAY_EMBEDDED_TRACKER_PORT: setting(
    'auto',
    'auto (22122 when it is free) or a port, 0 for any',
    parsePort,
  ),
  GATEWAY_EMBEDDED_STORAGE_PORT: setting(
    'auto',
    'auto (23000 when it is free) or a port, 0 for any',
    parsePort,
  ),
  GATEWAY_WORKERS: count('1', 1, 64),
});

type SettingName = keyof typeof settings.shape;

/** Whose values never appear in a message. */
export const secretSettings: ReadonlySet<string> = new Set<SettingName>([
  'GATEWAY_ROOT_SECRET_KEY',
  'GATEWAY_MASTER_KEY',
  'GATEWAY_FILES_TOKEN_SECRET',
  'GATEWAY_FILES_GROUP_SECRETS',
  'GATEWAY_FILES_TOKEN_BYPASS',
]);
