import type { IncomingHttpHeaders } from 'node:http';
import type { OriginHead } from '../core/origin/origin.ts';
import type { ObjectDescription } from '../object-index/records.ts';

/** What an object keeps of the headers that it came with. */
const keptHeaders = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
] as const;

const userMetadataPrefix = /^x-(?:amz|qn)-meta-(.+)$/;
const userMetadataSizeBytesMax = 2048;

/** Only stores that speak S3 send these: their ETags are MD5s, or of multipart uploads. */
const s3Markers = ['x-amz-request-id', 'x-oss-request-id', 'x-cos-request-id', 'x-obs-request-id'];

/** What a response's headers say of the object in its body. */
export function headOf(headers: IncomingHttpHeaders, kind: 'http' | 'qiniu'): OriginHead {
  const etag = headers.etag?.trim() ?? '';
  const strong = etag.replace(/^"(.*)"$/, '$1');
  const isS3Etag = s3Markers.some((name) => name in headers) && !isEncrypted(headers);
  const known = isS3Etag ? strong.toLowerCase() : strong;
  return {
    size: sizeOf(headers['content-length']),
    description: descriptionOf(headers, kind),
    lastModifiedMs: timeOf(headers['last-modified']),
    etag: known === '' ? null : known,
    isS3Etag,
    md5: md5Of(String(headers['content-md5'] ?? '')) ?? (isS3Etag ? md5OfEtag(known) : null),
    qetag: kind === 'qiniu' && /^[Fln][A-Za-z0-9_-]{27}$/.test(strong) ? strong : null,
  };
}

/** 16 bytes of an ETag that is an MD5 in hex; null for any other. */
export function md5OfEtag(etag: string): Buffer | null {
  return /^[0-9a-f]{32}$/.test(etag) ? Buffer.from(etag, 'hex') : null;
}

/** As many entries, in their order, as an object may have. */
export function fittingMetadata(
  entries: Iterable<readonly [string, string]>,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  let size = 0;
  for (const [name, value] of entries) {
    size += name.length + value.length;
    if (size > userMetadataSizeBytesMax) break;
    kept[name] = value;
  }
  return kept;
}

function descriptionOf(headers: IncomingHttpHeaders, kind: 'http' | 'qiniu'): ObjectDescription {
  const kept: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = headers[name];
    // Kodo makes one of the key for every answer.
    const isMadeUp = name === 'content-disposition' && kind === 'qiniu';
    if (value !== undefined && value !== '' && !isMadeUp) kept[name] = value;
  }
  const metadata: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    const userName = userMetadataPrefix.exec(name)?.[1];
    if (userName !== undefined && typeof value === 'string') metadata.push([userName, value]);
  }
  return { headers: kept, userMetadata: fittingMetadata(metadata) };
}

/** The ETag of what S3 encrypts with keys that others hold is no MD5. */
function isEncrypted(headers: IncomingHttpHeaders): boolean {
  const algorithm = String(headers['x-amz-server-side-encryption'] ?? '');
  return (
    algorithm.startsWith('aws:') || 'x-amz-server-side-encryption-customer-algorithm' in headers
  );
}

function sizeOf(text: string | undefined): number | null {
  const size = /^\d{1,16}$/.test(text ?? '') ? Number(text) : Number.NaN;
  return Number.isSafeInteger(size) ? size : null;
}

function timeOf(text: string | undefined): number | null {
  const timeMs = Date.parse(text ?? '');
  return Number.isNaN(timeMs) ? null : timeMs;
}

function md5Of(text: string): Buffer | null {
  const md5 = Buffer.from(text, 'base64');
  return md5.length === 16 ? md5 : null;
}
