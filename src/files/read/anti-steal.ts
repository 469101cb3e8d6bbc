import { createHash, timingSafeEqual } from 'node:crypto';

/** Who may read with tokens, as `http.conf` says it. */
export interface AntiStealRules {
  /** Of all groups without one of their own; null where tokens open nothing. */
  readonly secret: string | null;
  readonly groupSecrets: ReadonlyMap<string, string>;
  readonly ttlSeconds: number;
  /** A request with this header needs no token; its name is in lower case. */
  readonly bypass: { readonly name: string; readonly value: string } | null;
  /** Whether something is shown in the place of a file whose token is wrong. */
  readonly hasSubstitute: boolean;
}

/** The parameters `token` and `ts` of a request; null where they are not given. */
export interface GivenToken {
  readonly token: string | null;
  readonly ts: string | null;
}

/** `none`: no token at all. `incomplete`: one of the two parameters without the other. */
export type TokenVerdict = 'valid' | 'none' | 'incomplete' | 'expired' | 'wrong';

export function secretOf({ secret, groupSecrets }: AntiStealRules, group: string): string | null {
  return groupSecrets.get(group) ?? secret;
}

/**
 * The token that FastDFS's libraries make: the MD5 of file name, secret and time, one after the
 * other. `fileName` is the file ID without its group; `ts` are seconds since 1970, 0 for ever.
 * (`fdfs_http_gen_token` in fdfs_http_shared.c)
 */
export function fileToken(fileName: string, secret: string, ts: bigint): string {
  return createHash('md5').update(`${fileName}${secret}${ts}`).digest('hex');
}

/**
 * Judges a token as FastDFS's module for nginx does: a time to come counts, and so does 0 for
 * ever; digits of the token are in lower case. Unlike there the time has 64 bits, so that links
 * which end after January 2038 are good.
 */
export function checkToken(
  fileName: string,
  { token, ts }: GivenToken,
  {
    secret,
    ttlSeconds,
    nowMs,
  }: { readonly secret: string; readonly ttlSeconds: number; readonly nowMs: number },
): TokenVerdict {
  if (token === null && ts === null) return 'none';
  if (token === null || ts === null) return 'incomplete';
  if (!/^[0-9a-f]{32}$/.test(token) || !/^\d{1,19}$/.test(ts)) return 'wrong';
  const time = BigInt(ts);
  if (time !== 0n && BigInt(Math.floor(nowMs / 1000)) - time > BigInt(ttlSeconds)) return 'expired';
  // FastDFS's C library writes 32 bits of a time into what it signs, whatever the link says.
  const isRight = [time, BigInt.asIntN(32, time)].some((signed) => {
    const expected = fileToken(fileName, secret, signed);
    return timingSafeEqual(Buffer.from(expected), Buffer.from(token));
  });
  return isRight ? 'valid' : 'wrong';
}
