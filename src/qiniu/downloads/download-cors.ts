import { corsRules } from '../../core/cors-rules.ts';
import { corsHeaders, preflightHeaders } from '../../http/cors-headers.ts';
import type { ReceivedHeaders } from '../../http/request-headers.ts';
import type { Bucket } from '../../object-index/records.ts';
import { withAlwaysExposed } from '../buckets/cors-rules.ts';
import { apiCorsHeaders, apiPreflight } from '../cors.ts';
import { QiniuError } from '../errors.ts';
import type { QiniuResponse } from '../operation.ts';

/**
 * What an answer of a bucket, whatever it is, says to pages of other origins: everything where the
 * bucket has no rules, and what S3 would say where it has.
 */
export function downloadCorsHeaders(
  bucket: Bucket | null,
  method: string,
  headers: ReceivedHeaders,
): Readonly<Record<string, string>> {
  const rules = bucket && corsRules.of(bucket);
  if (!rules) return apiCorsHeaders;
  const origin = headers.get('origin');
  if (origin === null || method === 'OPTIONS') return {};
  const granted = corsHeaders(rules, { method, origin, headers });
  if (granted['access-control-allow-origin'] === undefined) return granted;
  const exposed = withAlwaysExposed(granted['access-control-expose-headers']);
  return { ...granted, 'access-control-expose-headers': exposed };
}

/** Throws 403 where the bucket's rules do not let the page do what it wants. */
export function downloadPreflight(bucket: Bucket | null, headers: ReceivedHeaders): QiniuResponse {
  const rules = bucket && corsRules.of(bucket);
  if (!rules) return apiPreflight(headers);
  const origin = headers.get('origin');
  const method = headers.get('access-control-request-method');
  const granted =
    origin === null || method === null
      ? null
      : preflightHeaders(rules, { method, origin, headers });
  if (granted) return { status: 204, headers: granted };
  throw new QiniuError(403, 'the CORS rules of the bucket do not allow this');
}
