import type { ObjectRecord, SegmentContent } from '../../src/object-index/records.ts';
import type { AppendObjectRequest } from '../../src/object-index/write-requests.ts';

/** An append of whole segments to an object as it was found. */
export function appendTo(
  object: ObjectRecord,
  segments: readonly SegmentContent[],
  overrides: Partial<AppendObjectRequest> = {},
): AppendObjectRequest {
  const { bucketId, key, id, etag, size, partCount, lastModifiedMs } = object;
  const partsBefore = partCount ?? (size === 0 ? 0 : 1);
  return {
    bucketId,
    key,
    expected: { objectId: id, etag },
    size: segments.reduce((sum, segment) => sum + segment.size, 0),
    segments,
    partChecksum: null,
    etag: `${etag}+`,
    checksum: null,
    partCount: partsBefore + 1,
    lastModifiedMs: lastModifiedMs + 1,
    ...overrides,
  };
}
