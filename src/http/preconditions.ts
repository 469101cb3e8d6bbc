import { GatewayError } from '../core/errors.ts';
import type { ReadConditions } from '../core/preconditions.ts';
import type { ObjectRecord } from '../object-index/records.ts';
import type { WriteCondition } from '../object-index/write-requests.ts';
import type { RequestHeaders } from './request-headers.ts';

/** The conditions of a read, or of the source of a copy with the prefix `x-amz-copy-source-`. */
export function readConditions(
  headers: RequestHeaders,
  prefix: '' | 'x-amz-copy-source-' | 'x-amz-rename-source-' = '',
): ReadConditions {
  const ifMatch = headers.get(`${prefix}if-match`);
  const ifNoneMatch = headers.get(`${prefix}if-none-match`);
  const ifModifiedSinceMs = parseHttpDate(headers.get(`${prefix}if-modified-since`));
  const ifUnmodifiedSinceMs = parseHttpDate(headers.get(`${prefix}if-unmodified-since`));
  return {
    ...(ifMatch !== null && { ifMatch: parseEtags(ifMatch, 'strong') }),
    ...(ifNoneMatch !== null && { ifNoneMatch: parseEtags(ifNoneMatch, 'weak') }),
    ...(ifModifiedSinceMs !== null && { ifModifiedSinceMs }),
    ...(ifUnmodifiedSinceMs !== null && { ifUnmodifiedSinceMs }),
  };
}

/**
 * The condition of a write; its dates are no conditions for S3. Throws `InvalidArgument` for an
 * If-None-Match without any ETag, which would let everything pass.
 */
export function writeCondition(headers: RequestHeaders): WriteCondition {
  const { ifMatch, ifNoneMatch } = readConditions(headers);
  if (ifNoneMatch?.length === 0) {
    throw new GatewayError('InvalidArgument', {
      message: 'The value of If-None-Match is neither * nor an ETag.',
      ArgumentName: 'If-None-Match',
      ArgumentValue: headers.get('if-none-match') ?? '',
    });
  }
  return { ...(ifMatch && { ifMatch }), ...(ifNoneMatch && { ifNoneMatch }) };
}

/**
 * Whether If-Range lets the range count: its ETag or date must be the object's (RFC 9110,
 * section 13.1.5). Without the header every object is accepted.
 */
export function ifRange(
  headers: RequestHeaders,
): (object: Pick<ObjectRecord, 'etag' | 'lastModifiedMs'>) => boolean {
  const value = headers.get('if-range')?.trim();
  if (value === undefined) return () => true;
  const dateMs = parseHttpDate(value);
  if (dateMs !== null) {
    return (object) => Math.floor(object.lastModifiedMs / 1000) * 1000 === dateMs;
  }
  const etags = parseEtags(value, 'strong');
  return (object) => etags.includes(object.etag);
}

/**
 * ETags of a list, without quotes; S3 takes them without quotes as well. The strong comparison
 * never matches a weak ETag (RFC 9110, section 8.8.3.2), so those are left out of it.
 */
export function parseEtags(value: string, comparison: 'strong' | 'weak'): readonly string[] {
  const etags: string[] = [];
  for (const item of value.split(',')) {
    const [, weak, quoted, bare] = /^(W\/)?(?:"([^"]*)"|([^\s"]*))$/.exec(item.trim()) ?? [];
    const etag = quoted ?? bare;
    if (etag && (comparison === 'weak' || weak === undefined)) etags.push(etag);
  }
  return etags;
}

const httpDate =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/** The three forms of RFC 9110, section 5.6.7; null for anything else, which is to be ignored. */
export function parseHttpDate(value: string | null): number | null {
  if (value === null || !httpDate.test(value)) return null;
  // asctime's form names no zone but means UTC.
  const dateMs = Date.parse(value.endsWith('GMT') ? value : `${value} GMT`);
  return Number.isNaN(dateMs) ? null : dateMs;
}
