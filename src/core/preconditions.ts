/** What a reader demands of an object (RFC 9110, section 13). Undefined where not demanded. */
export interface ReadConditions {
  /** ETags without quotes, or `*`. */
  readonly ifMatch?: readonly string[];
  readonly ifNoneMatch?: readonly string[];
  /** Milliseconds since 1970, whole seconds: HTTP dates are no finer. */
  readonly ifModifiedSinceMs?: number;
  readonly ifUnmodifiedSinceMs?: number;
}

export type ReadVerdict =
  | { readonly verdict: 'proceed' }
  | { readonly verdict: 'not-modified' }
  /** `condition` is the header that was not met. */
  | { readonly verdict: 'precondition-failed'; readonly condition: string };

const proceed: ReadVerdict = { verdict: 'proceed' };
const notModified: ReadVerdict = { verdict: 'not-modified' };

/**
 * Evaluates the conditions in RFC 9110's order (section 13.2.2): an ETag condition replaces the
 * date condition beside it.
 */
export function evaluateConditions(
  conditions: ReadConditions,
  object: { readonly etag: string; readonly lastModifiedMs: number },
): ReadVerdict {
  const { ifMatch, ifNoneMatch, ifModifiedSinceMs, ifUnmodifiedSinceMs } = conditions;
  const lastModifiedMs = Math.floor(object.lastModifiedMs / 1000) * 1000;
  if (ifMatch) {
    if (!matches(ifMatch, object.etag)) {
      return { verdict: 'precondition-failed', condition: 'If-Match' };
    }
  } else if (ifUnmodifiedSinceMs !== undefined && lastModifiedMs > ifUnmodifiedSinceMs) {
    return { verdict: 'precondition-failed', condition: 'If-Unmodified-Since' };
  }
  if (ifNoneMatch) return matches(ifNoneMatch, object.etag) ? notModified : proceed;
  if (ifModifiedSinceMs !== undefined && lastModifiedMs <= ifModifiedSinceMs) return notModified;
  return proceed;
}

function matches(etags: readonly string[], etag: string): boolean {
  return etags.includes('*') || etags.includes(etag);
}
