import type { FindCredentials } from '../../core/access-keys.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Caller } from '../../core/services.ts';
import type { ReceivedHeaders } from '../../http/request-headers.ts';
import type { RequestTarget } from '../request.ts';
import type { Payload } from './payload.ts';
import type { CredentialScope, SigningKeyCache } from './signature-v4.ts';

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
  /** Whether signatures of version 2 count at all. */
  readonly acceptsSignatureV2: boolean;
}

/** Throws `InvalidAccessKeyId`. */
export async function getCredentials(
  accessKeyId: string,
  { findCredentials }: Pick<AuthenticationContext, 'findCredentials'>,
) {
  const credentials = await findCredentials(accessKeyId);
  if (!credentials) throw new GatewayError('InvalidAccessKeyId', { AWSAccessKeyId: accessKeyId });
  return credentials;
}

/** The error that shows what was to be signed, so that its author can find the difference. */
export function signatureMismatch(facts: {
  readonly accessKeyId: string;
  readonly signature: string;
  readonly toSign: string;
  /** Of version 4 only. */
  readonly canonical?: string;
}): GatewayError {
  const { canonical } = facts;
  return new GatewayError('SignatureDoesNotMatch', {
    AWSAccessKeyId: facts.accessKeyId,
    StringToSign: facts.toSign,
    SignatureProvided: facts.signature,
    StringToSignBytes: hexBytes(facts.toSign),
    CanonicalRequest: canonical,
    CanonicalRequestBytes: canonical === undefined ? undefined : hexBytes(canonical),
  });
}

/** Throws `InvalidToken` where there is a session token: nobody hands out any here. */
export function refuseSessionToken(token: string | null | undefined): void {
  if (token === null || token === undefined) return;
  throw new GatewayError('InvalidToken', {
    message: 'Session tokens are not supported here; use an access key without one.',
  });
}

export function signatureV2Refused(): GatewayError {
  return new GatewayError('InvalidRequest', {
    message:
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  });
}

/** As AWS shows bytes: `41 57 53 34`. */
function hexBytes(text: string): string {
  return Buffer.from(text, 'latin1')
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1 ');
}
