import { anonymousCaller } from '../../core/access/anonymous.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Caller } from '../../core/services.ts';
import { decodePercent } from '../query.ts';
import type { RequestTarget } from '../request.ts';
import type { ReceivedHeaders } from '../request-headers.ts';
import { parseAuthorizationHeader } from './authorization-header.ts';
import { type Payload, parsePayloadHash } from './payload.ts';
import { hoistedHeaders, parsePresignedQuery } from './presigned-query.ts';
import type { SignatureClaim } from './signature-claim.ts';
import {
  headersOfLinkV2,
  parseSignatureV2,
  type SignatureV2Claim,
  signatureV2,
  stringToSignV2,
} from './signature-v2.ts';
import {
  type CredentialScope,
  canonicalRequest,
  hmacSha256,
  type SigningKeyCache,
  signaturesEqual,
  stringToSign,
  uriEncode,
} from './signature-v4.ts';

/** The secret of an access key and whose it is; null when there is no such key. */
export type FindCredentials = (
  accessKeyId: string,
) => Promise<{ readonly secretAccessKey: string; readonly caller: Caller } | null>;

/** What chunk signatures continue from. */
export interface SigningContext {
  readonly signingKey: Buffer;
  readonly scope: CredentialScope;
  readonly timestamp: string;
  /** Signature of the request's head: the first chunk's predecessor. */
  readonly seedSignature: string;
}

export interface Authentication {
  readonly caller: Caller;
  readonly payload: Payload;
  /** Null when the signature is not one that chunks could continue from. */
  readonly signing: SigningContext | null;
  /** As received, and those that a presigner moved into the query. */
  readonly headers: ReceivedHeaders;
}

export interface AuthenticationRequest {
  readonly method: string;
  readonly target: RequestTarget;
  readonly headers: ReceivedHeaders;
}

export interface AuthenticationContext {
  readonly region: string;
  readonly now: () => number;
  readonly findCredentials: FindCredentials;
  readonly signingKeys: SigningKeyCache;
  readonly acceptsSignatureV2Links: boolean;
}

/** What a request says of its signature; null when it has none. */
function parseClaim(
  request: AuthenticationRequest,
  context: AuthenticationContext,
): SignatureClaim | null {
  const { headers, target } = request;
  const authorization = headers.get('authorization');
  const isPresigned = target.query.has('X-Amz-Algorithm') || target.query.has('X-Amz-Signature');
  const expected = { region: context.region, nowMs: context.now() };
  if (authorization !== null) {
    if (isPresigned) {
      throw new GatewayError('InvalidArgument', {
        message:
          'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
        ArgumentName: 'Authorization',
      });
    }
    return parseAuthorizationHeader(authorization, headers, expected);
  }
  return isPresigned ? parsePresignedQuery(target.query, headers, expected) : null;
}

/** Nothing is verified of a request that nobody signed, but what its body says of itself. */
function authenticateAnonymous({ headers }: AuthenticationRequest): Authentication {
  const payload = parsePayloadHash(headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD');
  return { caller: anonymousCaller, payload, signing: null, headers };
}

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
  throw new GatewayError('SignatureDoesNotMatch', {
    AWSAccessKeyId: claim.accessKeyId,
    StringToSign: toSign,
    SignatureProvided: claim.signature,
    StringToSignBytes: hexBytes(toSign),
    CanonicalRequest: canonical,
    CanonicalRequestBytes: hexBytes(canonical),
  });
}

/** As AWS shows bytes: `41 57 53 34`. */
function hexBytes(text: string): string {
  return Buffer.from(text, 'latin1')
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1 ');
}

async function getCredentials(accessKeyId: string, { findCredentials }: AuthenticationContext) {
  const credentials = await findCredentials(accessKeyId);
  if (!credentials) throw new GatewayError('InvalidAccessKeyId', { AWSAccessKeyId: accessKeyId });
  return credentials;
}

/** A link of version 2, when the request carries no other claim. Refused where it is switched off. */
function findLinkV2(
  { headers, target: { query } }: AuthenticationRequest,
  { now, acceptsSignatureV2Links }: AuthenticationContext,
): SignatureV2Claim | null {
  const hasOther =
    headers.get('authorization') !== null ||
    query.has('X-Amz-Algorithm') ||
    query.has('X-Amz-Signature');
  const claim = hasOther ? null : parseSignatureV2(query, now());
  if (claim === null || acceptsSignatureV2Links) return claim;
  throw new GatewayError('InvalidRequest', {
    message:
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  });
}

async function authenticateV2(
  request: AuthenticationRequest,
  claim: SignatureV2Claim,
  context: AuthenticationContext,
): Promise<Authentication> {
  const headers = headersOfLinkV2(request);
  const payload = parsePayloadHash(headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD');
  const { secretAccessKey, caller } = await getCredentials(claim.accessKeyId, context);
  const toSign = stringToSignV2(request, headers, claim.expires);
  if (!signaturesEqual(signatureV2(secretAccessKey, toSign), claim.signature)) {
    throw new GatewayError('SignatureDoesNotMatch', {
      AWSAccessKeyId: claim.accessKeyId,
      StringToSign: toSign,
      SignatureProvided: claim.signature,
      StringToSignBytes: hexBytes(toSign),
    });
  }
  return { caller, payload, signing: null, headers };
}

/**
 * Finds out who sends a request, from its Authorization header or its presigned query; one that has
 * neither is anonymous. Throws `InvalidAccessKeyId`, `SignatureDoesNotMatch` with all that
 * is needed to find the difference, and the errors of malformed claims.
 */
export async function authenticate(
  request: AuthenticationRequest,
  context: AuthenticationContext,
): Promise<Authentication> {
  const linkV2 = findLinkV2(request, context);
  if (linkV2) return await authenticateV2(request, linkV2, context);
  const claim = parseClaim(request, context);
  if (!claim) return authenticateAnonymous(request);
  const payload = parsePayloadHash(claim.payloadHash);
  checkSignedHeaders(request, claim);
  const { query } = request.target;
  if (request.headers.get('x-amz-security-token') !== null || query.has('X-Amz-Security-Token')) {
    throw new GatewayError('InvalidToken', {
      message: 'Session tokens are not supported here; use an access key without one.',
    });
  }
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
