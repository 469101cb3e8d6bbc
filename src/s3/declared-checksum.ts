import { GatewayError } from '../core/errors.ts';
import type { ChecksumAlgorithm } from '../object-index/records.ts';
import type { RequestHeaders } from './operation.ts';

const algorithms = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'SHA1',
  'SHA256',
] as const satisfies readonly ChecksumAlgorithm[];
const headerPrefix = 'x-amz-checksum-';
/** They say what to do with checksums and carry none. */
const notChecksums: ReadonlySet<string> = new Set(['algorithm', 'mode', 'type']);

/** The checksum that a request declares for its body. */
export interface DeclaredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; null when it follows in a trailing header. */
  readonly value: string | null;
}

function algorithmOf(headerName: string): ChecksumAlgorithm {
  const name = headerName.slice(headerPrefix.length).toUpperCase();
  const algorithm = algorithms.find((candidate) => candidate === name);
  if (algorithm) return algorithm;
  throw new GatewayError('InvalidRequest', {
    message: `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${algorithms.join(', ')}]`,
  });
}

function trailerAlgorithm(trailer: string): ChecksumAlgorithm {
  const name = trailer.trim().toLowerCase();
  if (!name.startsWith(headerPrefix) || name.includes(',')) {
    throw new GatewayError('InvalidRequest', {
      message: 'The value specified in the x-amz-trailer header is not supported',
    });
  }
  return algorithmOf(name);
}

/**
 * Reads `x-amz-checksum-*` headers, `x-amz-trailer` and `x-amz-sdk-checksum-algorithm`. Throws
 * `InvalidRequest` for an unknown algorithm, for more than one checksum and for one that is not of
 * the algorithm that the SDK says it used.
 */
export function declaredChecksum(
  headers: RequestHeaders,
  options: { readonly hasTrailer: boolean },
): DeclaredChecksum | null {
  const declared: DeclaredChecksum[] = [];
  for (const [name, value] of headers.entries()) {
    if (!name.startsWith(headerPrefix)) continue;
    if (notChecksums.has(name.slice(headerPrefix.length))) continue;
    declared.push({ algorithm: algorithmOf(name), value });
  }
  const trailer = headers.get('x-amz-trailer');
  if (trailer !== null) declared.push({ algorithm: trailerAlgorithm(trailer), value: null });
  if ((trailer !== null) !== options.hasTrailer) {
    throw new GatewayError('InvalidRequest', {
      message: 'The value specified in the x-amz-trailer header is not supported',
    });
  }
  const [checksum = null, another] = declared;
  if (another) {
    throw new GatewayError('InvalidRequest', {
      message:
        'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    });
  }
  const sdkAlgorithm = headers.get('x-amz-sdk-checksum-algorithm');
  if (sdkAlgorithm !== null) checkSdkAlgorithm(sdkAlgorithm, checksum);
  return checksum;
}

function checkSdkAlgorithm(sdkAlgorithm: string, checksum: DeclaredChecksum | null): void {
  const named = algorithmOf(`${headerPrefix}${sdkAlgorithm}`);
  if (checksum === null || checksum.algorithm === named) return;
  throw new GatewayError('InvalidRequest', {
    message: `Value for x-amz-sdk-checksum-algorithm header is invalid.`,
  });
}
