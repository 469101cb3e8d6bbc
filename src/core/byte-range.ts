import { GatewayError } from './errors.ts';

/** A range as asked for: `first` to `last` (or the end), or the last `suffixSize` bytes. */
export type RequestedRange =
  | { readonly first: number; readonly last: number | null }
  | { readonly suffixSize: number };

/** Bytes `start` to `start + size - 1`; `size` is 0 only for an empty part. */
export interface ByteRange {
  readonly start: number;
  readonly size: number;
}

const singleRange = /^bytes=(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))$/i;

/**
 * Reads a Range header of one range. Null for what is not one: several ranges, other units and
 * bad syntax are ignored, as RFC 9110 (section 14.2) lets a server do and as S3 does.
 */
export function parseRange(header: string): RequestedRange | null {
  const match = singleRange.exec(header.trim());
  if (!match) return null;
  const [, first, last, suffix] = match;
  if (suffix !== undefined) return { suffixSize: Number(suffix) };
  const range = { first: Number(first), last: last ? Number(last) : null };
  return range.last !== null && range.last < range.first ? null : range;
}

/**
 * The bytes of an object of `size` bytes that the range means. Throws `InvalidRange` when it
 * means none, which is every range of an empty object.
 */
export function resolveRange(range: RequestedRange, size: number): ByteRange {
  if ('suffixSize' in range) {
    const suffixSize = Math.min(range.suffixSize, size);
    if (suffixSize === 0) throw invalidRange(`bytes=-${range.suffixSize}`, size);
    return { start: size - suffixSize, size: suffixSize };
  }
  const { first, last } = range;
  if (first >= size) throw invalidRange(`bytes=${first}-${last ?? ''}`, size);
  const end = Math.min(last ?? size - 1, size - 1);
  return { start: first, size: end - first + 1 };
}

function invalidRange(requested: string, size: number): GatewayError {
  return new GatewayError('InvalidRange', { RangeRequested: requested, ActualObjectSize: size });
}
