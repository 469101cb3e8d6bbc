import type { PolicyRequest } from '../access-request.ts';

type RequestTags = Readonly<Record<string, readonly string[]>>;

/**
 * The tags that a request gives: those that its target names, or of `x-amz-tagging` (`a=1&b=2`,
 * percent-encoded); null for none. They may be malformed, which is for the operation to refuse.
 */
export function readRequestTags({
  facts: { headers },
  target: { requestTags },
}: Pick<PolicyRequest, 'facts' | 'target'>): RequestTags | null {
  if (requestTags === null) return null;
  if (requestTags !== undefined) return asRequestTags(Object.entries(requestTags));
  const text = headers.get('x-amz-tagging');
  if (text === null || text === '' || isIgnored(headers)) return null;
  // Header octets are UTF-8 where a client did not encode them; a leading `?` would be left out.
  return asRequestTags(new URLSearchParams(`&${Buffer.from(text, 'latin1').toString('utf8')}`));
}

function asRequestTags(tags: Iterable<readonly [name: string, value: string]>): RequestTags {
  return Object.fromEntries(Array.from(tags, ([name, value]) => [name, [value]]));
}

/** A copy takes the tags of its source unless it says otherwise, whatever the header has. */
function isIgnored(headers: PolicyRequest['facts']['headers']): boolean {
  const isCopy = headers.get('x-amz-copy-source') !== null;
  return isCopy && headers.get('x-amz-tagging-directive') !== 'REPLACE';
}
