import type { PolicyRequest } from '../access-request.ts';

/**
 * The tags that a write brings in `x-amz-tagging` (`a=1&b=2`, percent-encoded); null for none. They
 * may be malformed, which is for the operation to refuse.
 */
export function readRequestTags({
  facts,
}: Pick<PolicyRequest, 'facts'>): Readonly<Record<string, readonly string[]>> | null {
  const text = facts.headers.get('x-amz-tagging');
  if (text === null || text === '') return null;
  const tags = new Map<string, readonly string[]>();
  for (const [name, value] of new URLSearchParams(text)) tags.set(name, [value]);
  return Object.fromEntries(tags);
}
