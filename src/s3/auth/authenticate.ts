import { anonymousCaller } from '../../core/access/anonymous.ts';
import { GatewayError } from '../../core/errors.ts';
import { authenticateV2 } from './authenticate-v2.ts';
import { authenticateV4 } from './authenticate-v4.ts';
import {
  type Authentication,
  type AuthenticationContext,
  type AuthenticationRequest,
  signatureV2Refused,
} from './authentication.ts';
import { parseAuthorizationHeader } from './authorization-header.ts';
import { parsePayloadHash } from './payload.ts';
import { parsePresignedQuery } from './presigned-query.ts';
import { parseHeaderV2, parseLinkV2 } from './signature-v2.ts';

/** Where and how a request says who sends it. Forms say it in their fields: `authenticateForm`. */
export type AuthenticationKind =
  | 'header-v2'
  | 'header-v4'
  | 'presigned-v2'
  | 'presigned-v4'
  | 'anonymous';

/** Throws `InvalidArgument` for a request that says it twice. */
export function authenticationKind({ headers, target }: AuthenticationRequest): AuthenticationKind {
  const { query } = target;
  const authorization = headers.get('authorization');
  const isPresigned = query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature');
  if (authorization !== null) {
    if (isPresigned) throw twoMechanisms();
    return /^AWS([ \t]|$)/.test(authorization) ? 'header-v2' : 'header-v4';
  }
  if (isPresigned) return 'presigned-v4';
  return query.has('AWSAccessKeyId') && query.has('Signature') ? 'presigned-v2' : 'anonymous';
}

export function twoMechanisms(): GatewayError {
  return new GatewayError('InvalidArgument', {
    message:
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
    ArgumentName: 'Authorization',
  });
}

/** Nothing is verified of a request that nobody signed, but what its body says of itself. */
function authenticateAnonymous({ headers }: AuthenticationRequest): Authentication {
  const payload = parsePayloadHash(headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD');
  return { caller: anonymousCaller, payload, signing: null, headers };
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
  const { headers, target } = request;
  const nowMs = context.now();
  const kind = authenticationKind(request);
  if (kind === 'anonymous') return authenticateAnonymous(request);
  if (kind === 'header-v2' || kind === 'presigned-v2') {
    if (!context.acceptsSignatureV2) throw signatureV2Refused();
    const claim =
      kind === 'header-v2' ? parseHeaderV2(headers, nowMs) : parseLinkV2(target.query, nowMs);
    return await authenticateV2(request, claim, context);
  }
  const expected = { region: context.region, nowMs };
  const claim =
    kind === 'header-v4'
      ? parseAuthorizationHeader(headers.get('authorization') ?? '', headers, expected)
      : parsePresignedQuery(target.query, headers, expected);
  return await authenticateV4(request, claim, context);
}
