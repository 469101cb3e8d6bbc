import { GatewayError } from '../../core/errors.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import {
  parseCredential,
  parseSignedHeaders,
  type SignatureClaim,
  scopeProblem,
} from './signature-claim.ts';
import { signatureAlgorithm } from './signature-v4.ts';
import { parseAmzDate, parseHttpDate, renderAmzDate, renderIsoSeconds } from './timestamps.ts';

/** AWS's bound for signed headers: 15 minutes either way. */
export const clockSkewMaxMs = 15 * 60 * 1000;

function malformed(problem: string, facts: { Region?: string } = {}): GatewayError {
  return new GatewayError('AuthorizationHeaderMalformed', {
    message: `The authorization header is malformed; ${problem}`,
    ...facts,
  });
}

function checkAlgorithm(algorithm: string, authorization: string): void {
  if (algorithm === signatureAlgorithm) return;
  if (algorithm.startsWith('AWS4-')) {
    throw new GatewayError('NotImplemented', {
      message: `The signature algorithm ${algorithm} is not implemented; sign with ${signatureAlgorithm}.`,
    });
  }
  throw new GatewayError('InvalidArgument', {
    message: 'Unsupported Authorization Type',
    ArgumentName: 'Authorization',
    // The scheme alone: what follows it may be a password.
    ArgumentValue: authorization.split(' ', 1)[0] ?? '',
  });
}

function parseFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const field of text.split(',')) {
    const equals = field.indexOf('=');
    if (equals === -1) continue;
    fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  return fields;
}

/** The time that was signed: `x-amz-date`, else `Date`. Throws `AccessDenied` without either. */
export function signedTime(headers: RequestHeaders): number {
  const amzDate = headers.get('x-amz-date');
  const date = headers.get('date');
  const timeMs =
    amzDate !== null
      ? (parseAmzDate(amzDate) ?? parseHttpDate(amzDate))
      : date !== null
        ? (parseHttpDate(date) ?? parseAmzDate(date))
        : null;
  // AWS's clock begins in 1970: what is before that is no time at all.
  if (timeMs === null || timeMs < 0) {
    throw new GatewayError('AccessDenied', {
      message: 'AWS authentication requires a valid Date or x-amz-date header',
    });
  }
  return timeMs;
}

/** Throws `RequestTimeTooSkewed` when the clocks are too far apart. */
export function checkSkew(timeMs: number, nowMs: number): void {
  if (Math.abs(timeMs - nowMs) <= clockSkewMaxMs) return;
  throw new GatewayError('RequestTimeTooSkewed', {
    RequestTime: renderAmzDate(timeMs),
    // SDKs correct their clock with this and try again.
    ServerTime: renderIsoSeconds(nowMs),
    MaxAllowedSkewMilliseconds: clockSkewMaxMs,
  });
}

/**
 * Reads `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`. Throws what
 * AWS answers: `AuthorizationHeaderMalformed`, `RequestTimeTooSkewed`, `InvalidRequest` …
 */
export function parseAuthorizationHeader(
  authorization: string,
  headers: RequestHeaders,
  expected: { readonly region: string; readonly nowMs: number },
): SignatureClaim {
  const [algorithm = ''] = authorization.split(/[ \t]/, 1);
  checkAlgorithm(algorithm, authorization);
  const fields = parseFields(authorization.slice(algorithm.length));
  const credential = parseCredential(fields.get('Credential') ?? '');
  if (!credential) {
    throw malformed(
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    );
  }
  const signedHeaders = parseSignedHeaders(fields.get('SignedHeaders') ?? '');
  if (!signedHeaders) throw malformed('SignedHeaders is missing or mal-formed.');
  const signature = fields.get('Signature');
  if (!signature) throw malformed('Signature is missing.');

  const timeMs = signedTime(headers);
  checkSkew(timeMs, expected.nowMs);
  const timestamp = renderAmzDate(timeMs);
  const problem = scopeProblem(credential, { timestamp, region: expected.region });
  if (problem) {
    const { message, ...facts } = problem;
    throw malformed(message, facts);
  }
  const payloadHash = headers.get('x-amz-content-sha256');
  if (payloadHash === null) {
    throw new GatewayError('InvalidRequest', {
      message: 'Missing required header for this request: x-amz-content-sha256',
    });
  }
  const { accessKeyId, date, region } = credential;
  const scope = { date, region };
  return {
    accessKeyId,
    scope,
    timestamp,
    signedHeaders,
    signature,
    payloadHash,
    isPresigned: false,
  };
}
