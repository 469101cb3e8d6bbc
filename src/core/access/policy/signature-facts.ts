import type { PolicyRequest } from '../access-request.ts';

type AuthType = 'REST-HEADER' | 'REST-QUERY-STRING' | 'POST';

/**
 * Where the signature stands; null for who did not sign. Whoever signed neither in a header nor in
 * the query has sent a form.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html
 */
export function authType({ caller, facts: { headers, query } }: PolicyRequest): AuthType | null {
  if (caller.isAnonymous) return null;
  if (headers.get('authorization') !== null) return 'REST-HEADER';
  const isInQuery =
    query.get('X-Amz-Algorithm') !== null ||
    (query.get('Signature') !== null && query.get('AWSAccessKeyId') !== null);
  return isInQuery ? 'REST-QUERY-STRING' : 'POST';
}

/** `AWS4-HMAC-SHA256`, or `AWS` for version 2. */
export function signatureVersion(request: PolicyRequest): string | null {
  const { headers, query } = request.facts;
  const type = authType(request);
  if (type === null) return null;
  const algorithm =
    type === 'REST-HEADER'
      ? headers.get('authorization')?.split(' ', 1)[0]
      : type === 'POST'
        ? headers.get('x-amz-algorithm')
        : query.get('X-Amz-Algorithm');
  return algorithm === 'AWS4-HMAC-SHA256' ? algorithm : 'AWS';
}

/** Milliseconds since a request was signed, as far as it says when that was. */
export function signatureAge(request: PolicyRequest): string | null {
  const { headers, query, nowMs } = request.facts;
  const type = authType(request);
  if (type === null) return null;
  const isInQuery = type === 'REST-QUERY-STRING';
  const text = (isInQuery ? query.get('X-Amz-Date') : headers.get('x-amz-date')) ?? '';
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return null;
  const [year = 0, month = 0, day, hour, minute, second] = match.slice(1).map(Number);
  return String(nowMs - Date.UTC(year, month - 1, day, hour, minute, second));
}
