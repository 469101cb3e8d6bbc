import type { ByteRange } from '../../core/byte-range.ts';

/**
 * Stands in front of a video that does not start at its beginning: `FLV`, version 1, video only,
 * this header's 9 bytes, and the size that FastDFS's module for nginx gives of the tag before.
 */
export const flvHeader = Buffer.from('464c56010100000009' + '00000009', 'hex');

/** Part of a video, as players ask for it to skip; `isSkip` where it needs a header of its own. */
export interface FlvPart {
  readonly range: ByteRange;
  readonly isSkip: boolean;
}

/**
 * What `?start=N&end=M` means for a video of `size` bytes: bytes N to M - 1, or to the end. Null
 * without `start`, or for one that is no number; `out-of-range` for bytes that it does not have.
 */
export function flvPart(
  fileName: string,
  query: URLSearchParams,
  size: number,
): FlvPart | null | 'out-of-range' {
  if (!fileName.endsWith('.flv')) return null;
  const start = wholeNumber(query.get('start'));
  if (start === null) return null;
  const last = wholeNumber(query.get('end')) ?? 0;
  const end = last === 0 ? size : Math.min(last, size);
  if (start >= end) return 'out-of-range';
  return { range: { start, size: end - start }, isSkip: start > 0 };
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
