import { GatewayError } from '../core/errors.ts';
import { parseEtags, parseHttpDate } from '../http/preconditions.ts';
import type { DeleteCondition } from '../object-index/deletion-requests.ts';

/** Where a request says each condition: headers of DeleteObject, elements of DeleteObjects. */
export interface DeleteConditionNames {
  readonly ifMatch: string;
  readonly lastModified: string;
  readonly size: string;
}

/** `2024-01-01T00:00:00Z`, with or without fractions. */
const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;

/**
 * What a deletion demands of the object, null when nothing. AWS has the ETag for every bucket,
 * time and size for directory buckets. A value that cannot be read throws `InvalidArgument`: to
 * ignore it would delete what the client wants to keep.
 */
export function parseDeleteCondition(
  names: DeleteConditionNames,
  read: (name: string) => string | null,
): DeleteCondition | null {
  const etag = read(names.ifMatch);
  const lastModified = read(names.lastModified);
  const size = read(names.size);
  if (etag === null && lastModified === null && size === null) return null;
  return {
    ...(etag !== null && { ifMatch: parseEtags(etag, 'strong') }),
    ...(lastModified !== null && { lastModifiedMs: parseTime(names.lastModified, lastModified) }),
    ...(size !== null && { sizeBytes: parseSize(names.size, size) }),
  };
}

function parseTime(name: string, value: string): number {
  const timeMs = isoTime.test(value) ? Date.parse(value) : parseHttpDate(value);
  if (timeMs === null || Number.isNaN(timeMs)) throw invalid(name, value);
  return timeMs;
}

function parseSize(name: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw invalid(name, value);
  return Number(value);
}

function invalid(name: string, value: string): GatewayError {
  return new GatewayError('InvalidArgument', {
    message: `The value of ${name} is not valid.`,
    ArgumentName: name,
    ArgumentValue: value,
  });
}
