import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a link to a private object says: whoever has it may read until the deadline. */
export interface PrivateLink {
  readonly accessKeyId: string;
  /** Base64 for URLs, as received. */
  readonly signature: string;
  /** Path and query that were signed, as received, behind the signer's scheme and host. */
  readonly signedTarget: string;
  /** Seconds since 1970; NaN where none was signed. */
  readonly deadlineSeconds: number;
}

/**
 * Reads `e` and `token` of a raw request target. The token is the last parameter that counts:
 * what comes behind it is not signed and says nothing. Null where there is none.
 */
export function parsePrivateLink(target: string): PrivateLink | null {
  const at = Math.max(target.lastIndexOf('&token='), target.lastIndexOf('?token='));
  if (at === -1) return null;
  const signedTarget = target.slice(0, at);
  const [token = ''] = target.slice(at + '&token='.length).split(/[&#]/, 1);
  const [, accessKeyId = '', signature = ''] = /^([^:]*):(.*)$/.exec(decoded(token)) ?? [];
  const query = signedTarget.includes('?') ? signedTarget.slice(signedTarget.indexOf('?') + 1) : '';
  const [deadline = ''] = query
    .split('&')
    .filter((pair) => pair.startsWith('e='))
    .map((pair) => pair.slice('e='.length))
    .slice(-1);
  const deadlineSeconds = /^\d{1,15}$/.test(deadline) ? Number(deadline) : Number.NaN;
  return { accessKeyId, signature, signedTarget, deadlineSeconds };
}

/**
 * Whether the key's owner signed the link for one of `origins` (`https://img.example.com`), which
 * are the addresses where this target names the very same object. Characters count as they were
 * sent: SDKs encode paths differently.
 */
export function isSignedFor(
  { signedTarget, signature }: PrivateLink,
  secretAccessKey: string,
  origins: Iterable<string>,
): boolean {
  const given = Buffer.from(signature.replace(/={1,2}$/, ''));
  for (const origin of origins) {
    const digest = createHmac('sha1', secretAccessKey).update(origin + signedTarget);
    const expected = Buffer.from(digest.digest('base64url'));
    if (given.length === expected.length && timingSafeEqual(given, expected)) return true;
  }
  return false;
}

/** Each host with both schemes: proxies that end TLS do not always say so. */
export function originsOf(hosts: Iterable<string>): ReadonlySet<string> {
  const origins = new Set<string>();
  for (const host of hosts) {
    origins.add(`http://${host}`);
    origins.add(`https://${host}`);
  }
  return origins;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
