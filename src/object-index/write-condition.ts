import type { WriteCondition } from './object-index.ts';

/**
 * Evaluates a condition on the object that the key has inside the writing transaction; null
 * passes. `If-Match` goes first (RFC 9110, section 13.2.2). AWS answers `If-Match` on a key
 * without object with NoSuchKey instead of 412:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function failedCondition(
  condition: WriteCondition | undefined,
  currentEtag: string | null,
): 'no-such-key' | 'precondition-failed' | null {
  if (condition?.ifMatch) {
    if (currentEtag === null) return 'no-such-key';
    if (!matches(condition.ifMatch, currentEtag)) return 'precondition-failed';
  }
  if (condition?.ifNoneMatch && currentEtag !== null) {
    if (matches(condition.ifNoneMatch, currentEtag)) return 'precondition-failed';
  }
  return null;
}

function matches(etags: readonly string[], currentEtag: string): boolean {
  return etags.some((etag) => etag === '*' || etag === currentEtag);
}
