import type { ByteRange } from '../../core/byte-range.ts';
import { attachmentNamed } from '../../http/content-disposition.ts';
import { httpDate, quoteEtag } from '../../http/header-values.ts';
import type { Bucket, ObjectRecord } from '../../object-index/records.ts';
import { maxAgeSecondsMax, maxAgeSetting } from '../buckets/kodo-settings.ts';
import type { QiniuQuery } from '../target.ts';

type Headers = Record<string, string | number | undefined>;

export interface DownloadFacts {
  readonly bucket: Bucket;
  /** Its ETag is the one that downloads tell. */
  readonly object: ObjectRecord;
  /** When the permission ends; null where everybody may read. */
  readonly untilMs: number | null;
  readonly nowMs: number;
  readonly query: QiniuQuery;
}

const headerName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
const storedHeaders = ['content-encoding', 'content-language', 'expires'] as const;

/** Headers of an answer with the object, or with `range` of it. */
export function downloadHeaders(facts: DownloadFacts, range: ByteRange | null): Headers {
  const { object, query } = facts;
  const { headers, userMetadata, size } = object;
  return {
    ...validators(facts),
    'content-type': headers['content-type'] ?? 'application/octet-stream',
    'content-length': range?.size ?? size,
    'content-range': range ? contentRange(range, size) : undefined,
    'accept-ranges': 'bytes',
    'content-disposition': attachment(query, object.key) ?? headers['content-disposition'],
    ...Object.fromEntries(storedHeaders.map((name) => [name, headers[name]])),
    ...Object.fromEntries(
      Object.entries(userMetadata)
        .filter(([name]) => headerName.test(name))
        .map(([name, value]) => [`x-qn-meta-${name}`, value]),
    ),
  };
}

/** Those that a 304 has as well (RFC 9110, section 15.4.5). */
export function validators(facts: DownloadFacts): Headers {
  const { object } = facts;
  return {
    etag: quoteEtag(object.etag),
    'last-modified': httpDate(object.lastModifiedMs),
    'cache-control': object.headers['cache-control'] ?? cacheControl(facts),
  };
}

/** What a link opens is for its reader alone, and for no longer than the link. */
function cacheControl({ bucket, untilMs, nowMs }: DownloadFacts): string {
  const maxAge = maxAgeSetting.of(bucket) ?? maxAgeSecondsMax;
  if (untilMs === null) return `public, max-age=${maxAge}`;
  return `private, max-age=${Math.min(maxAge, Math.floor((untilMs - nowMs) / 1000))}`;
}

/** `attname=` without a name takes the last part of the key. */
function attachment(query: QiniuQuery, key: string): string | null {
  const name = query.get('attname');
  return name === null ? null : attachmentNamed(name === '' ? key : name);
}

function contentRange({ start, size }: ByteRange, objectSize: number): string {
  return `bytes ${start}-${start + size - 1}/${objectSize}`;
}
