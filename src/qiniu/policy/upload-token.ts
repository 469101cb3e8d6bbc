import { createHmac, timingSafeEqual } from 'node:crypto';
import { encodeUrlSafe } from '../encodings.ts';

/** `accessKeyId:sign:encodedPolicy`, as received. */
export interface UploadToken {
  readonly accessKeyId: string;
  readonly sign: string;
  /** The signature covers these very characters, not the policy that they stand for. */
  readonly encodedPolicy: string;
}

/** Characters of a token: forms and headers are bounded as well. */
const tokenLengthMax = 64 * 1024;

/** Null for what has not the form of a token. */
export function parseUploadToken(text: string): UploadToken | null {
  if (text.length > tokenLengthMax) return null;
  const [accessKeyId, sign, encodedPolicy, ...others] = text.split(':');
  if (!accessKeyId || !sign || !encodedPolicy || others.length > 0) return null;
  return { accessKeyId, sign, encodedPolicy };
}

/** Whether the signature is that of the secret key; takes the same time wherever it differs. */
export function isSignedWith({ sign, encodedPolicy }: UploadToken, secretKey: string): boolean {
  const expected = Buffer.from(signUrlSafe(secretKey, encodedPolicy));
  const given = Buffer.from(sign);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** HMAC-SHA1 in URL-safe base64: 28 characters that end in `=`. */
export function signUrlSafe(secretKey: string, text: string): string {
  return encodeUrlSafe(createHmac('sha1', secretKey).update(text).digest());
}
