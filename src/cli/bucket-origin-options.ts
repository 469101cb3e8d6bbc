import type { BucketOrigin } from '../core/origin/bucket-origin.ts';
import { originDefaults } from '../core/origin/bucket-origin.ts';
import { parseDuration, parseSize } from '../support/units.ts';
import { UsageError } from './failures.ts';

/** As they stand on the command line. */
export interface OriginOptions {
  readonly type?: string;
  readonly bucket?: string;
  readonly prefix?: string;
  readonly region?: string;
  readonly virtualHost?: boolean;
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly missTtl?: string;
  readonly maxSize?: string;
}

const missTtlMsMax = 24 * 3_600_000;

/** What the command line says of an origin. `seal` encrypts its secret. Throws `UsageError`. */
export function originOf(
  url: string,
  options: OriginOptions,
  seal: (secret: string) => string,
): BucketOrigin {
  const parsed = parseUrl(url);
  const shared = {
    credentials: credentialsOf(options, seal),
    missTtlMs: missTtlOf(options.missTtl),
    sizeBytesMax: sizeMaxOf(options.maxSize),
  };
  const kind = options.type ?? (options.bucket === undefined ? 'http' : 's3');
  if (kind === 's3') return { kind, ...s3TargetOf(parsed, options), ...shared };
  if (kind !== 'http' && kind !== 'qiniu') {
    throw new UsageError(`--type ${kind} is none of s3, qiniu and http.`);
  }
  if (options.bucket ?? options.region ?? options.virtualHost) {
    throw new UsageError('--bucket, --region and --virtual-host are for origins of type s3.');
  }
  if (kind === 'http' && shared.credentials) {
    throw new UsageError('An origin of type http is asked without access key.');
  }
  // Whatever the prefix, a key is below it.
  const base = parsed.href.replace(/\/*$/, '/');
  return { kind, url: base + (options.prefix ?? ''), ...shared };
}

/** Throws `UsageError`. */
function s3TargetOf(
  url: URL,
  { bucket, prefix = '', region = 'us-east-1', virtualHost = false }: OriginOptions,
) {
  if (!bucket) throw new UsageError('An origin of type s3 needs --bucket NAME.');
  if (url.pathname !== '/') {
    throw new UsageError('The URL of an S3 has no path: its bucket and prefix are options.');
  }
  return { endpoint: url.origin, region, bucket, prefix, isVirtualHosted: virtualHost };
}

export function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (!url || !isHttp) throw new UsageError(`${text} is no http or https URL.`);
  if (url.username || url.password || url.search || url.hash) {
    throw new UsageError('The URL may have no user name, password, query or fragment.');
  }
  return url;
}

function credentialsOf(
  { accessKey, secretKey }: OriginOptions,
  seal: (secret: string) => string,
): BucketOrigin['credentials'] {
  if (accessKey === undefined && secretKey === undefined) return null;
  if (!accessKey || !secretKey) {
    throw new UsageError('--access-key and --secret-key go together.');
  }
  return { accessKeyId: accessKey, secretSealed: seal(secretKey) };
}

function missTtlOf(text: string | undefined): number {
  if (text === undefined) return originDefaults.missTtlMs;
  const ttlMs = parseDuration(text);
  if (ttlMs !== null && ttlMs <= missTtlMsMax) return ttlMs;
  throw new UsageError(`--miss-ttl ${text} is no duration from 0 to 1d, such as 10s.`);
}

function sizeMaxOf(text: string | undefined): number {
  if (text === undefined) return originDefaults.sizeBytesMax;
  const size = parseSize(text);
  if (size !== null && size > 0 && size <= originDefaults.sizeBytesMax) return size;
  throw new UsageError(`--max-size ${text} is no size up to 5GiB, such as 100MiB.`);
}
