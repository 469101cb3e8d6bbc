import { GatewayError } from '../core/errors.ts';
import type { RequestHeaders } from '../http/request-headers.ts';
import { checksumAlgorithms, checksumHeader } from './checksum-headers.ts';

/** Whether the client declared a digest of what it sends, before or behind it. */
export function hasIntegrityHeader(headers: RequestHeaders): boolean {
  return (
    headers.get('content-md5') !== null ||
    /x-amz-checksum-/i.test(headers.get('x-amz-trailer') ?? '') ||
    checksumAlgorithms.some((algorithm) => headers.get(checksumHeader(algorithm)) !== null)
  );
}

/** For documents whose mangling would do harm: S3 wants them guarded. Throws `InvalidRequest`. */
export function checkIntegrityHeader(headers: RequestHeaders): void {
  if (hasIntegrityHeader(headers)) return;
  throw new GatewayError('InvalidRequest', {
    message: 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*',
  });
}
