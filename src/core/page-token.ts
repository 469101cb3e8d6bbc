import { createHash } from 'node:crypto';
import { GatewayError } from './errors.ts';

/**
 * An opaque continuation token: base64url of
 *   use[8] position as UTF-8
 * `use` is a digest of the listing that the token continues, so that a token of another bucket,
 * prefix or delimiter is refused and does not answer a page of nonsense.
 */
const useSize = 8;
const tokenLengthMax = 4096;

export function renderPageToken(use: readonly (string | number)[], position: string): string {
  return Buffer.concat([digestOf(use), Buffer.from(position)]).toString('base64url');
}

/** The position in a token that `renderPageToken` made for the same use. Throws `InvalidArgument`. */
export function parsePageToken(use: readonly (string | number)[], token: string): string {
  if (token.length <= tokenLengthMax) {
    const bytes = Buffer.from(token, 'base64url');
    const position = bytes.subarray(useSize).toString();
    const isOurs = bytes.subarray(0, useSize).equals(digestOf(use));
    if (isOurs && renderPageToken(use, position) === token) return position;
  }
  throw new GatewayError('InvalidArgument', {
    message: 'The continuation token provided is incorrect',
    ArgumentName: 'continuation-token',
  });
}

function digestOf(use: readonly (string | number)[]): Buffer {
  return createHash('sha256').update(JSON.stringify(use)).digest().subarray(0, useSize);
}
