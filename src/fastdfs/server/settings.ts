import { isIPv4 } from 'node:net';

/** How the embedded node runs. All values can be cloned to a worker thread. */
export interface EmbeddedNodeSettings {
  /** FastDFS store path: files live in `<storePath>/data/HH/HH`. Created when missing. */
  readonly storePath: string;
  /** IPv4 address to listen on; default 127.0.0.1. The protocol knows no passwords. */
  readonly host?: string;
  /** 0 for any free port. When left out: 22122 if that is free, else any. */
  readonly trackerPort?: number;
  /** 0 for any free port. When left out: 23000 if that is free, else any. */
  readonly storagePort?: number;
  /** IPv4 address in answers and file IDs; default `host`, or 127.0.0.1 when that is 0.0.0.0. */
  readonly advertisedHost?: string;
  /** 1–16 letters and digits; default group1. */
  readonly groupName?: string;
  /**
   * `fsync` (default): file and directory are on disk before the answer, since this may be the
   * only copy. `none`: as fast as FastDFS itself, which answers from the page cache.
   */
  readonly durability?: 'fsync' | 'none';
  /** Directories per level, 1–256; default 256 as in FastDFS. */
  readonly subdirCountPerPath?: number;
  /** Files that one directory gets before the next one is used; default 100 as in FastDFS. */
  readonly filesPerDirectory?: number;
  /** Uploads are refused with 28 when less than this would stay free; default 128 MiB. */
  readonly reservedBytes?: number;
  /** A half-received request or a half-read answer may stand still this long; default 60 s. */
  readonly networkTimeoutMs?: number;
  /** Connections per listener; more are closed at once, as FastDFS does. Default 1024. */
  readonly connectionsMax?: number;
  /** How long `close` waits for requests that are under way; default 10 s. */
  readonly drainTimeoutMs?: number;
}

export type ResolvedSettings = Required<Omit<EmbeddedNodeSettings, 'trackerPort' | 'storagePort'>> &
  Pick<EmbeddedNodeSettings, 'trackerPort' | 'storagePort'>;

/** Fills in the defaults. Throws a `RangeError` that names the setting and what is allowed. */
export function resolveSettings(settings: EmbeddedNodeSettings): ResolvedSettings {
  const host = settings.host ?? '127.0.0.1';
  const resolved: ResolvedSettings = {
    durability: 'fsync',
    subdirCountPerPath: 256,
    filesPerDirectory: 100,
    reservedBytes: 128 * 1024 * 1024,
    networkTimeoutMs: 60_000,
    connectionsMax: 1024,
    drainTimeoutMs: 10_000,
    groupName: 'group1',
    advertisedHost: host === '0.0.0.0' ? '127.0.0.1' : host,
    ...withoutUndefined(settings),
    host,
  };
  requireAddress('host', resolved.host);
  requireAddress('advertisedHost', resolved.advertisedHost);
  // A file ID whose first four bytes end in 0 would be read as a storage id (protocol, 9.1).
  if (resolved.advertisedHost.endsWith('.0')) {
    throw new RangeError(`advertisedHost must not end in .0: ${resolved.advertisedHost}`);
  }
  if (resolved.storePath === '') throw new RangeError('storePath must not be empty');
  if (!/^[A-Za-z0-9]{1,16}$/.test(resolved.groupName)) {
    throw new RangeError(`groupName must be 1–16 letters and digits: ${resolved.groupName}`);
  }
  if (resolved.durability !== 'fsync' && resolved.durability !== 'none') {
    throw new RangeError(`durability must be fsync or none: ${resolved.durability}`);
  }
  requireInteger('trackerPort', resolved.trackerPort ?? 0, 0, 65_535);
  requireInteger('storagePort', resolved.storagePort ?? 0, 0, 65_535);
  requireInteger('subdirCountPerPath', resolved.subdirCountPerPath, 1, 256);
  requireInteger('filesPerDirectory', resolved.filesPerDirectory, 1, 1_000_000);
  requireInteger('reservedBytes', resolved.reservedBytes, 0, Number.MAX_SAFE_INTEGER);
  requireInteger('networkTimeoutMs', resolved.networkTimeoutMs, 1, 86_400_000);
  requireInteger('connectionsMax', resolved.connectionsMax, 1, 1_000_000);
  requireInteger('drainTimeoutMs', resolved.drainTimeoutMs, 0, 86_400_000);
  return resolved;
}

/** A setting that is undefined is one that is left out: it must not hide its default. */
function withoutUndefined(settings: EmbeddedNodeSettings): EmbeddedNodeSettings {
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as EmbeddedNodeSettings;
}

function requireAddress(name: string, value: string): void {
  if (!isIPv4(value)) throw new RangeError(`${name} must be an IPv4 address: ${value}`);
}

function requireInteger(name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}: ${value}`);
  }
}
