import { GatewayError } from '../../core/errors.ts';

/**
 * What `x-amz-content-sha256` says of the body:
 * - `unsigned`: nothing.
 * - `sha256`: the hash of all of it.
 * - `chunked`: it comes in aws-chunked framing, with a signature per chunk, trailers, or both.
 */
export type Payload =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'sha256'; readonly sha256Hex: string }
  | { readonly kind: 'chunked'; readonly isSigned: boolean; readonly hasTrailer: boolean };

const named: Readonly<Record<string, Payload>> = {
  'UNSIGNED-PAYLOAD': { kind: 'unsigned' },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { kind: 'chunked', isSigned: true, hasTrailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': {
    kind: 'chunked',
    isSigned: true,
    hasTrailer: true,
  },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { kind: 'chunked', isSigned: false, hasTrailer: true },
};

/** Throws `InvalidArgument` for a value that is none of AWS's, `NotImplemented` for ECDSA. */
export function parsePayloadHash(value: string): Payload {
  if (/^[0-9a-f]{64}$/i.test(value)) return { kind: 'sha256', sha256Hex: value.toLowerCase() };
  if (value.startsWith('STREAMING-AWS4-ECDSA-')) {
    throw new GatewayError('NotImplemented', {
      message: `${value} is not implemented; sign with AWS4-HMAC-SHA256.`,
    });
  }
  const payload = Object.hasOwn(named, value) ? named[value] : undefined;
  if (payload) return payload;
  throw new GatewayError('InvalidArgument', {
    message: `x-amz-content-sha256 must be ${Object.keys(named).join(', ')} or a valid sha256 value.`,
    ArgumentName: 'x-amz-content-sha256',
    ArgumentValue: value,
  });
}
