import type { DeleteCondition } from './deletion-requests.ts';
import type { WriteCondition } from './write-requests.ts';

/**
 * Evaluates a condition on the object that the key has inside the writing transaction; null
 * passes. A key whose newest version is a delete marker has none. `If-Match` goes first (RFC 9110, section 13.2.2). AWS answers `If-Match` on a key
 * without object with NoSuchKey instead of 412:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function failedCondition(
  condition: WriteCondition | undefined,
  current: { readonly etag: string; readonly is_delete_marker: number } | undefined,
): 'no-such-key' | 'precondition-failed' | null {
  const currentEtag = current && current.is_delete_marker === 0 ? current.etag : null;
  if (condition?.ifMatch) {
    if (currentEtag === null) return 'no-such-key';
    if (!matches(condition.ifMatch, currentEtag)) return 'precondition-failed';
  }
  if (condition?.ifUnwritten && current) return 'precondition-failed';
  if (condition?.ifNoneMatch && currentEtag !== null) {
    if (matches(condition.ifNoneMatch, currentEtag)) return 'precondition-failed';
  }
  return null;
}

/** Evaluates a condition on the object that is to go inside the transaction that deletes it. */
export function allowsDeletion(
  { ifMatch, lastModifiedMs, sizeBytes }: DeleteCondition,
  current: { readonly etag: string; readonly last_modified_ms: number; readonly size: number },
): boolean {
  if (ifMatch && !matches(ifMatch, current.etag)) return false;
  if (sizeBytes !== undefined && sizeBytes !== current.size) return false;
  return (
    lastModifiedMs === undefined || seconds(lastModifiedMs) === seconds(current.last_modified_ms)
  );
}

function seconds(timeMs: number): number {
  return Math.floor(timeMs / 1000);
}

function matches(etags: readonly string[], currentEtag: string): boolean {
  return etags.some((etag) => etag === '*' || etag === currentEtag);
}
