import type { z } from 'zod';
import type { HandingOver } from './files/read/handing-over.ts';
import { duration, list, pairs, setting } from './setting-kinds.ts';

const GROUP_NAME = /^[A-Za-z0-9]{1,16}$/;
const PREFIX = /^\/?([A-Za-z0-9_.~-]+(?:\/[A-Za-z0-9_.~-]+)*)\/?$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*\S)$/;
const SECRET_BYTES_MAX = 128;
const ACCESS = ['closed', 'open'] as const;
const MODES = ['proxy', 'accel', 'redirect'] as const;

const isSecret = (text: string): boolean =>
  text !== '' && Buffer.byteLength(text) <= SECRET_BYTES_MAX;

const parseUrl = (text: string): string | null => {
  const isHttp = /^https?:\/\//i.test(text) && URL.canParse(text.replaceAll(/\{\w+\}/g, 'x'));
  return isHttp ? text.replace(/\/+$/, '') : null;
};

/** How files are read by their IDs, by the names of the settings. */
export const fileReadSettings = {
  GATEWAY_FILES_ACCESS: setting(
    'closed',
    'closed (only files that are public, tokened or signed) or open (every file ID, as plain FastDFS does)',
    (value) => ACCESS.find((access) => access === value),
  ),
  GATEWAY_FILES_DEFAULT_GROUP: setting(
    '',
    'a group of 1 to 16 letters and digits, or empty',
    (value) => (value === '' ? null : GROUP_NAME.test(value) ? value : undefined),
  ),
  GATEWAY_FILES_PREFIXES: setting(
    '',
    'paths such as /fastdfs,/static/img, joined by commas',
    (value) => list(value, (item) => PREFIX.exec(item)?.[1] ?? null),
  ),
  GATEWAY_FILES_TOKEN_SECRET: setting('', '1 to 128 bytes, or empty', (value) =>
    value === '' ? null : isSecret(value) ? value : undefined,
  ),
  GATEWAY_FILES_GROUP_SECRETS: setting(
    '',
    'GROUP=SECRET,GROUP=SECRET: each group once, secrets of 1 to 128 bytes without = and comma',
    (value) => pairs(value, (group, secret) => GROUP_NAME.test(group) && isSecret(secret)),
  ),
  GATEWAY_FILES_TOKEN_TTL: duration('10m', '1s', '365d'),
  GATEWAY_FILES_TOKEN_SUBSTITUTE: setting('', 'a file, or empty', (value) =>
    value === '' ? null : value,
  ),
  GATEWAY_FILES_TOKEN_BYPASS: setting('', 'a header as Name: value, or empty', (value) => {
    if (value === '') return null;
    const [, name, expected] = HEADER.exec(value) ?? [];
    return name && expected ? { name: name.toLowerCase(), value: expected } : undefined;
  }),
  GATEWAY_FILES_MODE: setting(
    'proxy',
    'proxy (the gateway sends the bytes), accel (X-Accel-Redirect to the nginx in front) or redirect (to the nginx of a storage server)',
    (value) => MODES.find((mode) => mode === value),
  ),
  GATEWAY_FILES_ACCEL_PREFIX: setting('/fastdfs-files', 'a path such as /fastdfs-files', (value) =>
    value.startsWith('/') && PREFIX.test(value) ? value.replace(/\/$/, '') : undefined,
  ),
  GATEWAY_FILES_REDIRECT_URL: setting(
    'http://{host}:8888',
    'a URL with {host} in the place of the storage server, such as http://{host}:8888',
    (value) => parseUrl(value) ?? undefined,
  ),
  GATEWAY_FILES_MAX_AGE: duration('30d', '0', '3650d'),
  GATEWAY_FILES_DOWNLOAD: setting(
    'inline',
    'inline (/download/… shows what browsers can show) or attachment (it is always saved)',
    (value) => (value === 'inline' || value === 'attachment' ? value : undefined),
  ),
  GATEWAY_FILES_CORS_ORIGIN: setting(
    '',
    '*, an origin such as https://example.com, or empty',
    (value) => (value === '' ? null : /^(\*|https?:\/\/[^\s/,]+)$/.test(value) ? value : undefined),
  ),
  GATEWAY_FILES_PURGE: setting(
    '',
    'URLs in front of paths, such as http://tier1/purge, joined by commas; with {bucket} and {key} for objects',
    (value) => list(value, parseUrl),
  ),
};

type Values = {
  readonly [Name in keyof typeof fileReadSettings]: z.output<(typeof fileReadSettings)[Name]>;
};

/** What of the configuration is about reading files by their IDs. */
export function toFileReads(values: Values) {
  return {
    defaultGroup: values.GATEWAY_FILES_DEFAULT_GROUP,
    prefixes: values.GATEWAY_FILES_PREFIXES,
    access: values.GATEWAY_FILES_ACCESS,
    antiSteal: {
      secret: values.GATEWAY_FILES_TOKEN_SECRET,
      groupSecrets: values.GATEWAY_FILES_GROUP_SECRETS,
      ttlSeconds: Math.floor(values.GATEWAY_FILES_TOKEN_TTL / 1000),
      bypass: values.GATEWAY_FILES_TOKEN_BYPASS,
    },
    /** Path of a file; null for none. */
    substitutePath: values.GATEWAY_FILES_TOKEN_SUBSTITUTE,
    handingOver: handingOver(values),
    maxAgeSeconds: Math.floor(values.GATEWAY_FILES_MAX_AGE / 1000),
    downloadsAreAttachments: values.GATEWAY_FILES_DOWNLOAD === 'attachment',
    allowedOrigin: values.GATEWAY_FILES_CORS_ORIGIN,
  };
}

function handingOver(values: Values): HandingOver {
  const mode = values.GATEWAY_FILES_MODE;
  if (mode === 'accel') return { mode, prefix: values.GATEWAY_FILES_ACCEL_PREFIX };
  if (mode === 'redirect') return { mode, base: values.GATEWAY_FILES_REDIRECT_URL };
  return { mode };
}
