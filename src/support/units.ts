import { isIPv6 } from 'node:net';

/** Sizes, durations and addresses as people write them in settings. */

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
};

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Bytes of `64MiB`, `1.5GiB`, `500kB` or plain `4096`; null when the text is none of these. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text);
  const unit = SIZE_UNITS[(match?.[2] ?? '').toLowerCase()];
  if (!match || unit === undefined) return null;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Milliseconds of `250ms`, `15m`, `1.5h` or `7d`; null otherwise: a bare number has no unit. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text);
  const unitMs = DURATION_UNITS_MS[match?.[2] ?? ''];
  if (!match || unitMs === undefined) return null;
  const ms = Number(match[1]) * unitMs;
  return Number.isSafeInteger(ms) ? ms : null;
}

/** The shortest exact form that `parseSize` reads: `64MiB`. */
export function renderSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB']) {
    const size = SIZE_UNITS[unit.toLowerCase()] ?? 1;
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}B`;
}

/** The shortest exact form that `parseDuration` reads: `15m`. */
export function renderDuration(ms: number): string {
  if (ms === 0) return '0';
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = DURATION_UNITS_MS[unit] ?? 1;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

export interface HostPort {
  /** A name or an address; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** `host:port` or `[v6]:port`; without a port only where a default is given. */
export function parseHostPort(text: string, defaultPort?: number): HostPort | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (!match || host === undefined) return null;
  if (match[1] !== undefined && !isIPv6(host)) return null;
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  return port === undefined || port > 65_535 ? null : { host, port };
}

/** Puts the brackets back around an IPv6 address. */
export function renderHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
