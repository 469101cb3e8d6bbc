import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FindCredentials } from '../../core/access-keys.ts';
import type { Caller } from '../../core/services.ts';
import { FilesError } from '../errors.ts';

/** A link may be made for so long at most, as S3's. */
const lifetimeMaxSeconds = 604_800;

/**
 * Signs the reading of a file until a time, in seconds since 1970:
 * `hex(HMAC-SHA256(secret, "GET\n" + file ID + "\n" + expires))`.
 */
export function linkSignature(fileId: string, expires: number, secret: string): string {
  return createHmac('sha256', secret).update(`GET\n${fileId}\n${expires}`).digest('hex');
}

/** What a link says of its own signature, and is not believed yet. */
interface LinkClaim {
  readonly appId: string;
  readonly expires: number;
  readonly signature: string;
}

/** `?app_id=…&expires=…&signature=…`; null without signature. Throws 403 for what is half of it. */
function readClaim(query: URLSearchParams): LinkClaim | null {
  const signature = query.get('signature');
  const appId = query.get('app_id');
  if (signature === null || appId === null) return null;
  const expires = query.get('expires') ?? '';
  if (!/^\d{1,12}$/.test(expires) || !/^[0-9a-f]{64}$/.test(signature)) throw wrongSignature();
  return { appId, expires: Number(expires), signature };
}

/**
 * Who made the link that the query belongs to, and when it ends; null when it has no signature.
 * Throws 403 for one that is wrong, has ended, or ends too late.
 */
export async function verifyLink(
  fileId: string,
  query: URLSearchParams,
  { findCredentials, nowMs }: { readonly findCredentials: FindCredentials; readonly nowMs: number },
): Promise<{ readonly caller: Caller; readonly expiresAtMs: number } | null> {
  const claim = readClaim(query);
  if (claim === null) return null;
  const found = await findCredentials(claim.appId);
  const expected = linkSignature(fileId, claim.expires, found?.secretAccessKey ?? '');
  const isSame = timingSafeEqual(Buffer.from(expected), Buffer.from(claim.signature));
  if (found === null || !isSame) throw wrongSignature();
  const expiresAtMs = claim.expires * 1000;
  if (nowMs >= expiresAtMs) throw new FilesError(403, 'The link has expired.');
  if (expiresAtMs - nowMs > lifetimeMaxSeconds * 1000) {
    throw new FilesError(403, 'A link can be made for seven days at most.');
  }
  return { caller: found.caller, expiresAtMs };
}

function wrongSignature(): FilesError {
  return new FilesError(403, 'The signature of the link is wrong.');
}
