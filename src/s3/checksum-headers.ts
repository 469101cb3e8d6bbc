import { GatewayError } from '../core/errors.ts';
import type { RequestHeaders } from '../http/request-headers.ts';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from '../object-index/records.ts';

export const checksumAlgorithms = [
  'CRC32',
  'CRC32C',
  'CRC64NVME',
  'SHA1',
  'SHA256',
] as const satisfies readonly ChecksumAlgorithm[];

/** `x-amz-checksum-crc32` and its like. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** `ChecksumCRC32` and its like, in documents. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

/** Headers of an answer; none when there is no checksum. */
export function checksumResponseHeaders(checksum: Checksum | null): Record<string, string> {
  if (!checksum) return {};
  return {
    [checksumHeader(checksum.algorithm)]: checksum.value,
    'x-amz-checksum-type': checksum.type,
  };
}

/** Elements of an answer; none when there is no checksum. */
export function checksumElements(checksum: Checksum | null): Record<string, string> {
  if (!checksum) return {};
  return { [checksumElement(checksum.algorithm)]: checksum.value, ChecksumType: checksum.type };
}

/** The algorithm that a header names, null without the header. Throws `InvalidRequest`. */
export function parseChecksumAlgorithm(
  headers: RequestHeaders,
  name: string,
): ChecksumAlgorithm | null {
  const value = headers.get(name);
  if (value === null) return null;
  const algorithm = checksumAlgorithms.find((known) => known === value.toUpperCase());
  if (algorithm) return algorithm;
  throw new GatewayError('InvalidRequest', {
    message: `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${checksumAlgorithms.join(', ')}]`,
  });
}

/** `x-amz-checksum-type`, null without the header. Throws `InvalidRequest`. */
export function parseChecksumType(headers: RequestHeaders): ChecksumType | null {
  const value = headers.get('x-amz-checksum-type')?.toUpperCase() ?? null;
  if (value === null || value === 'COMPOSITE' || value === 'FULL_OBJECT') return value;
  throw new GatewayError('InvalidRequest', {
    message: 'Value for x-amz-checksum-type header is invalid.',
  });
}

/** The one checksum that headers declare, null for none. Throws `InvalidRequest` for several. */
export function declaredChecksum(
  headers: RequestHeaders,
): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | null {
  const declared = checksumAlgorithms.flatMap((algorithm) => {
    const value = headers.get(checksumHeader(algorithm));
    return value === null ? [] : [{ algorithm, value }];
  });
  if (declared.length > 1) {
    throw new GatewayError('InvalidRequest', {
      message:
        'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    });
  }
  return declared[0] ?? null;
}
