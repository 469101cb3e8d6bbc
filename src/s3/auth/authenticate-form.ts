import { anonymousCaller } from '../../core/access/anonymous.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Caller } from '../../core/services.ts';
import {
  type AuthenticationContext,
  getCredentials,
  refuseSessionToken,
  signatureMismatch,
  signatureV2Refused,
} from './authentication.ts';
import {
  checkPostPolicy,
  type FileSizeRange,
  fileSizeRange,
  parsePostPolicy,
} from './post-policy.ts';
import { parseCredential, scopeProblem } from './signature-claim.ts';
import { signatureV2 } from './signature-v2.ts';
import { hmacSha256, signatureAlgorithm, signaturesEqual } from './signature-v4.ts';
import { parseAmzDate } from './timestamps.ts';

/** Fields of a form by lower-case name, with those of ours that its policy can speak of. */
type Fields = ReadonlyMap<string, string>;

export interface FormAuthentication {
  readonly caller: Caller;
  readonly fileSizeRange: FileSizeRange;
}

/** Names as AWS's documentation writes them, in the order in which they are asked for. */
const fieldsOfV4 = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Signature',
] as const;
const fieldsOfV2 = ['AWSAccessKeyId', 'Signature'] as const;

/** Throws `InvalidArgument` when the form has no such field, as AWS does. */
export function requiredField(fields: Fields, name: string): string {
  const value = fields.get(name.toLowerCase());
  if (value !== undefined && value !== '') return value;
  throw new GatewayError('InvalidArgument', {
    message: `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
    ArgumentName: name,
    ArgumentValue: '',
  });
}

/**
 * Finds out who sends a form, and holds the form against its policy; one without policy and
 * signature is anonymous. Throws `InvalidArgument` for missing fields, `InvalidAccessKeyId`,
 * `SignatureDoesNotMatch`, `InvalidPolicyDocument`, and `AccessDenied` where the policy forbids.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
 */
export async function authenticateForm(
  fields: Fields,
  context: AuthenticationContext,
): Promise<FormAuthentication> {
  const has = (name: string) => fields.has(name.toLowerCase());
  const isV4 = fieldsOfV4.some((name) => name !== 'X-Amz-Date' && has(name));
  if (!isV4 && !fieldsOfV2.some(has) && !has('policy')) {
    return { caller: anonymousCaller, fileSizeRange: { min: 0, max: Number.POSITIVE_INFINITY } };
  }
  refuseSessionToken(fields.get('x-amz-security-token'));
  const policyText = requiredField(fields, 'policy');
  const caller = isV4
    ? await verifyV4(fields, policyText, context)
    : await verifyV2(fields, policyText, context);
  const policy = parsePostPolicy(policyText);
  checkPostPolicy(policy, fields, context.now());
  return { caller, fileSizeRange: fileSizeRange(policy) };
}

async function verifyV2(
  fields: Fields,
  policyText: string,
  context: AuthenticationContext,
): Promise<Caller> {
  if (!context.acceptsSignatureV2) throw signatureV2Refused();
  const accessKeyId = requiredField(fields, 'AWSAccessKeyId');
  const signature = requiredField(fields, 'signature');
  const { secretAccessKey, caller } = await getCredentials(accessKeyId, context);
  if (signaturesEqual(signatureV2(secretAccessKey, policyText), signature)) return caller;
  throw signatureMismatch({ accessKeyId, signature, toSign: policyText });
}

async function verifyV4(
  fields: Fields,
  policyText: string,
  context: AuthenticationContext,
): Promise<Caller> {
  const [algorithm, credentialText, timestamp, signature] = fieldsOfV4.map((name) =>
    requiredField(fields, name),
  ) as [string, string, string, string];
  if (algorithm !== signatureAlgorithm) {
    throw new GatewayError('InvalidArgument', {
      message: `X-Amz-Algorithm only supports "${signatureAlgorithm}"`,
      ArgumentName: 'X-Amz-Algorithm',
      ArgumentValue: algorithm,
    });
  }
  if (parseAmzDate(timestamp) === null) {
    throw new GatewayError('InvalidArgument', {
      message: `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`,
      ArgumentName: 'X-Amz-Date',
      ArgumentValue: timestamp,
    });
  }
  const credential = parseScope(credentialText, timestamp, context.region);
  const { accessKeyId } = credential;
  const { secretAccessKey, caller } = await getCredentials(accessKeyId, context);
  const signingKey = context.signingKeys.get(accessKeyId, secretAccessKey, credential);
  const expected = hmacSha256(signingKey, policyText).toString('hex');
  if (signaturesEqual(expected, signature)) return caller;
  throw signatureMismatch({ accessKeyId, signature, toSign: policyText });
}

function parseScope(text: string, timestamp: string, region: string) {
  const credential = parseCredential(text);
  const problem = credential
    ? scopeProblem(credential, { timestamp, region })
    : {
        message:
          'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
      };
  if (credential && !problem) return credential;
  const { message, ...facts } = problem ?? { message: '' };
  throw new GatewayError('AuthorizationQueryParametersError', {
    message: `Error parsing the X-Amz-Credential parameter; ${message}`,
    ...facts,
  });
}
