import { GatewayError } from '../core/errors.ts';
import type { RequestHeaders } from '../http/request-headers.ts';
import type { ChecksumAlgorithm } from '../object-index/records.ts';
import { checksumAlgorithms, parseChecksumAlgorithm } from './checksum-headers.ts';

const headerPrefix = 'x-amz-checksum-';
/** They say what to do with checksums and carry none. */
const notChecksums: ReadonlySet<string> = new Set(['algorithm', 'mode', 'type']);

/** The checksum that a request declares for its body. */
export interface BodyChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; null when it follows in a trailing header. */
  readonly value: string | null;
}

function algorithmOf(headerName: string): ChecksumAlgorithm {
  const name = headerName.slice(headerPrefix.length).toUpperCase();
  const algorithm = checksumAlgorithms.find((candidate) => candidate === name);
  if (algorithm) return algorithm;
  throw new GatewayError('InvalidRequest', {
    message: `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${checksumAlgorithms.join(', ')}]`,
  });
}

function unsupportedTrailer(): GatewayError {
  return new GatewayError('InvalidRequest', {
    message: 'The value specified in the x-amz-trailer header is not supported',
  });
}

function trailerAlgorithm(trailer: string): ChecksumAlgorithm {
  const name = trailer.trim().toLowerCase();
  if (!name.startsWith(headerPrefix)) throw unsupportedTrailer();
  return algorithmOf(name);
}

/**
 * Reads `x-amz-checksum-*` headers, `x-amz-trailer` and `x-amz-sdk-checksum-algorithm`; null when
 * no checksum is declared. Throws `InvalidRequest` for an unknown algorithm, for more than one
 * checksum, for one that is not of the algorithm that the SDK says it used, for none where the SDK
 * names an algorithm, and when the trailer
 * is announced without a framing that has one, or missing from one that must have it.
 */
export function bodyChecksum(
  headers: RequestHeaders,
  options: { readonly hasTrailer: boolean },
): BodyChecksum | null {
  const declared: BodyChecksum[] = [];
  for (const [name, value] of headers.entries()) {
    if (!name.startsWith(headerPrefix)) continue;
    if (notChecksums.has(name.slice(headerPrefix.length))) continue;
    declared.push({ algorithm: algorithmOf(name), value });
  }
  const trailer = headers.get('x-amz-trailer');
  if ((trailer !== null) !== options.hasTrailer) throw unsupportedTrailer();
  if (trailer !== null) declared.push({ algorithm: trailerAlgorithm(trailer), value: null });
  const [checksum = null, another] = declared;
  if (another) {
    throw new GatewayError('InvalidRequest', {
      message:
        'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    });
  }
  const sdkAlgorithm = parseChecksumAlgorithm(headers, 'x-amz-sdk-checksum-algorithm');
  if (sdkAlgorithm && !checksum) {
    throw new GatewayError('InvalidRequest', {
      message:
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    });
  }
  if (checksum && sdkAlgorithm && checksum.algorithm !== sdkAlgorithm) {
    throw new GatewayError('InvalidRequest', {
      message: 'Value for x-amz-sdk-checksum-algorithm header is invalid.',
    });
  }
  return checksum;
}
