import { GatewayError } from '../../core/errors.ts';
import { decodePercent } from '../../http/query.ts';
import {
  type Authentication,
  type AuthenticationContext,
  type AuthenticationRequest,
  getCredentials,
  refuseSessionToken,
  signatureMismatch,
} from './authentication.ts';
import { parsePayloadHash } from './payload.ts';
import { hoistedHeaders } from './presigned-query.ts';
import type { SignatureClaim } from './signature-claim.ts';
import {
  canonicalRequest,
  hmacSha256,
  signaturesEqual,
  stringToSign,
  uriEncode,
} from './signature-v4.ts';

/** `host` and every `x-amz-*` header must be signed, or a middleman could add or change them. */
function checkSignedHeaders(request: AuthenticationRequest, claim: SignatureClaim): void {
  const signed = new Set(claim.signedHeaders);
  const unsigned: string[] = signed.has('host') ? [] : ['host'];
  for (const [name] of request.headers.entries()) {
    if (!name.startsWith('x-amz-') || signed.has(name)) continue;
    // The canonical request ends in it, so the signature covers it already.
    if (name === 'x-amz-content-sha256' && claim.isPresigned) continue;
    unsigned.push(name);
  }
  if (unsigned.length > 0) {
    throw new GatewayError('AccessDenied', {
      message: 'There were headers present in the request which were not signed',
      HeadersNotSigned: unsigned.join(', '),
    });
  }
}

/**
 * Paths to verify with: as received; and as AWS's UriEncode writes the same key, slashes bare, for
 * clients that sign that and send `(` or `%2F`. Both name the same key.
 */
function* candidatePaths(path: string): Generator<string> {
  yield path;
  yield decodePercent(path).split('/').map(uriEncode).join('/');
}

function verifySignature(
  request: AuthenticationRequest,
  claim: SignatureClaim,
  signingKey: Buffer,
): void {
  let first: { readonly canonical: string; readonly toSign: string } | null = null;
  for (const path of candidatePaths(request.target.path)) {
    const canonical = canonicalRequest({
      method: request.method,
      path,
      query: request.target.query.all(),
      headers: request.headers,
      signedHeaders: claim.signedHeaders,
      payloadHash: claim.payloadHash,
    });
    const toSign = stringToSign(claim.timestamp, claim.scope, canonical);
    if (signaturesEqual(hmacSha256(signingKey, toSign).toString('hex'), claim.signature)) return;
    first ??= { canonical, toSign };
  }
  const { canonical = '', toSign = '' } = first ?? {};
  throw signatureMismatch({ ...claim, toSign, canonical });
}

/** Verifies a claim of version 4, from the header or from a presigned query. */
export async function authenticateV4(
  request: AuthenticationRequest,
  claim: SignatureClaim,
  context: AuthenticationContext,
): Promise<Authentication> {
  const payload = parsePayloadHash(claim.payloadHash);
  checkSignedHeaders(request, claim);
  const { query } = request.target;
  refuseSessionToken(
    request.headers.get('x-amz-security-token') ?? query.get('X-Amz-Security-Token'),
  );
  const { secretAccessKey, caller } = await getCredentials(claim.accessKeyId, context);
  const signingKey = context.signingKeys.get(claim.accessKeyId, secretAccessKey, claim.scope);
  verifySignature(request, claim, signingKey);
  return {
    caller,
    payload,
    signing: {
      signingKey,
      scope: claim.scope,
      timestamp: claim.timestamp,
      seedSignature: claim.signature,
    },
    headers: claim.isPresigned ? request.headers.with(hoistedHeaders(query)) : request.headers,
  };
}
