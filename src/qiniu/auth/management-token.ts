import { createHmac, timingSafeEqual } from 'node:crypto';
import { decodeUrlSafe } from '../encodings.ts';
import {
  canonicalRequests,
  type ManagementScheme,
  type SignedRequest,
} from './canonical-requests.ts';

/** What an `Authorization` header of the management calls claims. */
export interface ManagementToken {
  readonly scheme: ManagementScheme;
  readonly accessKeyId: string;
  /** HMAC-SHA1. */
  readonly signature: Buffer;
}

const signatureSizeBytes = 20;

/** Null for what is no management token. */
export function parseManagementToken(header: string): ManagementToken | null {
  const [, scheme, accessKeyId, encoded] =
    /^(QBox|Qiniu) +([^\s:]+):([^\s:]+) *$/i.exec(header) ?? [];
  if (scheme === undefined || accessKeyId === undefined || encoded === undefined) return null;
  const signature = decodeUrlSafe(encoded);
  if (signature?.length !== signatureSizeBytes) return null;
  const isQbox = scheme.toLowerCase() === 'qbox';
  return { scheme: isQbox ? 'QBox' : 'Qiniu', accessKeyId, signature };
}

/**
 * Whether the token signs the request, in one of the forms that official SDKs sign. Compares in
 * constant time; how many forms were tried tells nothing of the secret.
 */
export function verifyManagementToken(
  { scheme, signature }: ManagementToken,
  secretAccessKey: string,
  request: SignedRequest,
): boolean {
  for (const pieces of canonicalRequests(scheme, request)) {
    const hmac = createHmac('sha1', secretAccessKey);
    for (const piece of pieces) hmac.update(piece);
    if (timingSafeEqual(hmac.digest(), signature)) return true;
  }
  return false;
}
