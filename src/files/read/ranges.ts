import type { ByteRange } from '../../core/byte-range.ts';

/** More ranges in one request are answered with the whole file. */
const rangesMax = 16;

/** Bytes to answer: all, these ranges in this order, or none that there are. */
export type RequestedBytes = 'all' | 'none' | readonly ByteRange[];

const range = /^(?:(\d{1,30})-(\d{0,30})|-(\d{1,30}))$/;

/**
 * What a Range header means for a file of `size` bytes (RFC 9110, section 14). It is ignored when
 * its syntax is wrong, when it has too many ranges, or ranges that are longer together than the
 * file: nobody needs those, and they cost the most.
 */
export function resolveRanges(header: string | null, size: number): RequestedBytes {
  const list = /^\s*bytes\s*=(.*)$/i.exec(header ?? '')?.[1];
  if (list === undefined) return 'all';
  const items = list.split(',').map((item) => item.trim());
  const named = items.filter((item) => item !== '');
  if (named.length === 0 || named.length > rangesMax) return 'all';
  const ranges: ByteRange[] = [];
  for (const item of named) {
    const resolved = resolveRange(item, size);
    if (resolved === 'invalid') return 'all';
    if (resolved !== null) ranges.push(resolved);
  }
  if (ranges.length === 0) return 'none';
  const total = ranges.reduce((sum, each) => sum + each.size, 0);
  return ranges.length > 1 && total > size ? 'all' : ranges;
}

/** Null for a range that the file does not have. */
function resolveRange(item: string, size: number): ByteRange | null | 'invalid' {
  const match = range.exec(item);
  if (!match) return 'invalid';
  const [, first, last, suffix] = match;
  if (suffix !== undefined) {
    const suffixSize = Math.min(Number(suffix), size);
    return suffixSize === 0 ? null : { start: size - suffixSize, size: suffixSize };
  }
  const start = Number(first);
  const end = last ? Number(last) : Number.POSITIVE_INFINITY;
  if (end < start) return 'invalid';
  if (start >= size) return null;
  return { start, size: Math.min(end, size - 1) - start + 1 };
}

export function contentRange({ start, size }: ByteRange, fileSize: number): string {
  return `bytes ${start}-${start + size - 1}/${fileSize}`;
}
