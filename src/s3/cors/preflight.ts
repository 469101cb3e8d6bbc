import { corsRules } from '../../core/cors-rules.ts';
import { GatewayError } from '../../core/errors.ts';
import { preflightHeaders } from '../../http/cors-headers.ts';
import type { RequestHeaders } from '../../http/request-headers.ts';
import type { Bucket } from '../../object-index/records.ts';
import type { S3Response } from '../operation.ts';

/**
 * Answers OPTIONS: whether the browser may send what its page wants. Nobody signs it, and it tells
 * nothing but the bucket's rules. Throws `BadRequest` when it does not say what is wanted, and
 * `AccessForbidden`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
 */
export function preflight(
  headers: RequestHeaders,
  target: { readonly bucket: Bucket | null; readonly key: string | null },
): S3Response {
  const origin = headers.get('origin');
  if (origin === null) {
    throw new GatewayError('BadRequest', {
      message: 'Insufficient information. Origin request header needed.',
    });
  }
  const method = headers.get('access-control-request-method');
  if (method === null || !/^[A-Z]{1,16}$/.test(method)) {
    throw new GatewayError('BadRequest', {
      message: `Invalid Access-Control-Request-Method: ${method}`,
    });
  }
  const facts = { Method: method, ResourceType: target.key === null ? 'BUCKET' : 'OBJECT' };
  const rules = target.bucket && corsRules.of(target.bucket);
  if (!rules) {
    const reason = target.bucket ? 'CORS is not enabled for this bucket.' : 'Bucket not found';
    throw new GatewayError('AccessForbidden', { message: `CORSResponse: ${reason}`, ...facts });
  }
  const granted = preflightHeaders(rules, { method, origin, headers });
  if (granted) return { status: 200, headers: granted };
  throw new GatewayError('AccessForbidden', {
    message:
      "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
    ...facts,
  });
}
