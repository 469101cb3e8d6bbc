import {
  type Authentication,
  type AuthenticationContext,
  type AuthenticationRequest,
  getCredentials,
  refuseSessionToken,
  signatureMismatch,
} from './authentication.ts';
import { parsePayloadHash } from './payload.ts';
import {
  candidatePathsV2,
  headersOfLinkV2,
  type SignatureV2Claim,
  signatureV2,
  stringToSignV2,
} from './signature-v2.ts';
import { signaturesEqual } from './signature-v4.ts';

/** Verifies a claim of version 2, from the header or from a presigned query. */
export async function authenticateV2(
  request: AuthenticationRequest,
  claim: SignatureV2Claim,
  context: AuthenticationContext,
): Promise<Authentication> {
  const headers = claim.isPresigned ? headersOfLinkV2(request) : request.headers;
  refuseSessionToken(headers.get('x-amz-security-token'));
  const payload = parsePayloadHash(headers.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD');
  const { secretAccessKey, caller } = await getCredentials(claim.accessKeyId, context);
  for (const path of candidatePathsV2(request.target)) {
    const toSign = stringToSignV2(request, headers, claim.time, path);
    if (!signaturesEqual(signatureV2(secretAccessKey, toSign), claim.signature)) continue;
    return { caller, payload, signing: null, headers };
  }
  throw signatureMismatch({ ...claim, toSign: stringToSignV2(request, headers, claim.time) });
}
