import { GatewayError } from '../../core/errors.ts';
import type { Query } from '../../http/query.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import { clockSkewMaxMs } from './authorization-header.ts';
import {
  parseCredential,
  parseSignedHeaders,
  type SignatureClaim,
  scopeProblem,
} from './signature-claim.ts';
import { signatureAlgorithm } from './signature-v4.ts';
import { parseAmzDate, renderIsoSeconds } from './timestamps.ts';

/** Seven days. */
const expiresSecondsMax = 604_800;

function malformed(message: string, facts: { Region?: string } = {}): GatewayError {
  return new GatewayError('AuthorizationQueryParametersError', { message, ...facts });
}

function checkAlgorithm(algorithm: string): void {
  if (algorithm === signatureAlgorithm) return;
  if (algorithm.startsWith('AWS4-ECDSA')) {
    throw new GatewayError('NotImplemented', {
      message: `The signature algorithm ${algorithm} is not implemented; sign with ${signatureAlgorithm}.`,
    });
  }
  throw malformed(`X-Amz-Algorithm only supports "${signatureAlgorithm}"`);
}

function parseExpires(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw malformed('X-Amz-Expires should be a number');
  const seconds = Number(text);
  if (seconds < 0) throw malformed('X-Amz-Expires must be non-negative');
  if (seconds > expiresSecondsMax) {
    throw malformed(
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    );
  }
  return seconds;
}

/** A link is good from the time it was signed, less the clocks' skew, until it expires. */
function checkValidity(timeMs: number, expiresSeconds: number, nowMs: number): void {
  if (timeMs - nowMs > clockSkewMaxMs) {
    throw new GatewayError('AccessDenied', {
      message: 'Request is not valid yet',
      ServerTime: renderIsoSeconds(nowMs),
    });
  }
  const expiresAtMs = timeMs + expiresSeconds * 1000;
  if (nowMs <= expiresAtMs) return;
  throw new GatewayError('AccessDenied', {
    message: 'Request has expired',
    'X-Amz-Expires': expiresSeconds,
    Expires: renderIsoSeconds(expiresAtMs),
    ServerTime: renderIsoSeconds(nowMs),
  });
}

/**
 * Reads the `X-Amz-*` parameters of a presigned request. Throws what AWS answers:
 * `AuthorizationQueryParametersError`, or `AccessDenied` when the link is not valid now.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function parsePresignedQuery(
  query: Query,
  headers: RequestHeaders,
  expected: { readonly region: string; readonly nowMs: number },
): SignatureClaim {
  const required = (name: string): string => {
    const value = query.get(name);
    if (value === null || value === '') {
      throw malformed(
        'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
      );
    }
    return value;
  };
  checkAlgorithm(required('X-Amz-Algorithm'));
  const credentialText = required('X-Amz-Credential');
  const signature = required('X-Amz-Signature');
  const timestamp = required('X-Amz-Date');
  const signedHeaders = parseSignedHeaders(required('X-Amz-SignedHeaders'));
  const expiresSeconds = parseExpires(required('X-Amz-Expires'));
  if (!signedHeaders) throw malformed('X-Amz-SignedHeaders is mal-formed.');
  const credential = parseCredential(credentialText);
  if (!credential) {
    throw malformed(
      'Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    );
  }
  const timeMs = parseAmzDate(timestamp);
  if (timeMs === null) {
    throw malformed(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`);
  }
  const problem = scopeProblem(credential, { timestamp, region: expected.region });
  if (problem) {
    const { message, ...facts } = problem;
    throw malformed(`Error parsing the X-Amz-Credential parameter; ${message}`, facts);
  }
  checkValidity(timeMs, expiresSeconds, expected.nowMs);
  const { accessKeyId, date, region } = credential;
  return {
    accessKeyId,
    scope: { date, region },
    timestamp,
    signedHeaders,
    signature,
    payloadHash:
      query.get('X-Amz-Content-Sha256') ??
      headers.get('x-amz-content-sha256') ??
      'UNSIGNED-PAYLOAD',
    isPresigned: true,
  };
}

/** Parameters that belong to the signature itself. */
const signatureParameters: ReadonlySet<string> = new Set([
  'x-amz-algorithm',
  'x-amz-content-sha256',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-expires',
  'x-amz-security-token',
  'x-amz-signature',
  'x-amz-signedheaders',
]);

/**
 * Headers that a presigner moved into the query (`x-amz-meta-*`, `x-amz-acl` …); they mean what
 * the header would. Checksums are left out, as AWS does: SDKs sign that of an empty body into
 * links, because the body is not known yet. Throws `InvalidArgument` for what no header could have
 * carried.
 */
export function hoistedHeaders(query: Query): ReadonlyMap<string, string> {
  const hoisted = new Map<string, string>();
  for (const parameter of query.all()) {
    const name = parameter.name.toLowerCase();
    if (!name.startsWith('x-amz-') || signatureParameters.has(name) || hoisted.has(name)) continue;
    if (name.startsWith('x-amz-checksum-') || name === 'x-amz-sdk-checksum-algorithm') continue;
    hoisted.set(name, headerOctets(parameter.name, parameter.value));
  }
  return hoisted;
}

/** RFC 9110, section 5.6.2. */
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The value of a query parameter as a header of its name would have carried it. Throws
 * `InvalidArgument` for what no header could have carried: it could not be answered either.
 */
export function headerOctets(name: string, value: string): string {
  if (!headerName.test(name)) {
    throw new GatewayError('InvalidArgument', {
      message: 'A query parameter that stands for a header must have a name that headers can have.',
      ArgumentName: name,
    });
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is refused
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
    throw new GatewayError('InvalidArgument', {
      message: 'Header values must not contain control characters.',
      ArgumentName: name,
    });
  }
  return Buffer.from(value, 'utf8').toString('latin1');
}
